import HTTP

/// A file of users and password hashes, in the format of auth_basic_user_file.
///
/// A line is `name:hash`, optionally followed by a colon and a comment. Empty lines and lines that
/// begin with `#` are ignored. The first line of a name counts.
public enum PasswordFile {
    /// Returns the range of the hash of `user` in `text`; nil if no line has the user.
    public static func hash(of user: Span<UInt8>, in text: Span<UInt8>) -> Range<Int>? {
        var start = 0
        while start < text.count {
            let end = text.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? text.count
            if let hash = hash(of: user, in: text, from: start, to: end) { return hash }
            start = end &+ 1
        }
        return nil
    }

    private static func hash(
        of user: Span<UInt8>, in text: Span<UInt8>, from start: Int, to end: Int
    ) -> Range<Int>? {
        let colon = start &+ user.count
        guard user.count > 0, colon < end, text[start] != UInt8(ascii: "#"),
            text[start] != UInt8(ascii: "\r"), text[colon] == UInt8(ascii: ":"),
            text.slice(from: start, to: colon).equals(user)
        else { return nil }
        var hashEnd = colon &+ 1
        while hashEnd < end, text[hashEnd] != UInt8(ascii: ":"), text[hashEnd] != 0x0D {
            hashEnd &+= 1
        }
        return (colon &+ 1)..<hashEnd
    }
}
