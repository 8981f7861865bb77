import Foundation
import Glibc

/// The document root for the cases: a directory `site`, and `second` for a second host. Its files
/// are old, so that they can be cached.
public enum Site {
    /// The modification time of files that are not in `times`.
    static let modified = 1_581_686_055
    static let modifiedText = "Fri, 14 Feb 2020 13:14:15 GMT"

    /// 10,000 bytes that do not repeat within a page.
    static let bytes: [UInt8] = {
        var state: UInt32 = 2_463_534_242
        return (0..<10_000).map { _ in
            state ^= state << 13
            state ^= state >> 17
            state ^= state << 5
            return UInt8(truncatingIfNeeded: state)
        }
    }()

    /// 6,000 bytes, as compressible as a page.
    static let page: String = {
        var text = "<!doctype html><title>swifts</title>\n"
        for line in 0..<80 {
            text += "<p>line \(line): the swift sleeps on the wing, and lands to nest\n"
        }
        return text
    }()

    /// A stand-in for a pre-compressed file, which is sent unchanged.
    static let packed: [UInt8] =
        [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 5, 0, 0xfa, 0xff]
        + Array("plain".utf8) + [0x96, 0x91, 0x67, 0x3a, 5, 0, 0, 0]

    static let texts: [String: String] = [
        "a.txt": "hello", "probe.txt": "probe", "empty.txt": "", "index.html": "<p>index\n",
        "dir/index.html": "<p>dir\n", "dir/in.txt": "in dir", "dir/deep/file.txt": "deep",
        "noindex/in.txt": "in noindex", "old.txt": "old", "zero.txt": "zero",
        "future.txt": "future", "far.txt": "far", "coded/page.html": page,
        "coded/small.html": "<p>small\n", "sidecar/plain.txt": "plain",
        "...": "three dots", "..foo": "dots foo", "foo..": "foo dots", ".hidden": "hidden",
        "a;b": "semicolon", "what?": "question", "sp ace.txt": "space", "pl+us.txt": "plus",
        "100%.txt": "percent", "hash#.txt": "hash", "comma,x": "comma", "back\\slash": "backslash",
        "quote\".txt": "quote", "<b>.txt": "angles", "colon:x": "colon", "star*": "star",
        "tilde~": "tilde", "at@x": "at", "amp&x=1": "amp", "a'b!(c)$": "sub-delims",
        "\u{e4}\u{f6}.txt": "umlauts", "\u{1f426}.txt": "bird", "a%41": "escaped twice",
        "UPPER.TXT": "upper", "brace{}|^`": "braces", "[x]": "brackets",
    ]

    static let times: [String: Int] = [
        "old.txt": -315_619_200 + 3_600, "zero.txt": 0, "future.txt": 3_786_912_000,
        "far.txt": 5_680_281_600,
    ]

    static let secondTexts = ["a.txt": "second", "index.html": "<p>second\n"]

    /// Returns the content of a file of the site.
    static func content(of name: String) -> [UInt8] {
        switch name {
        case "bytes.bin": bytes
        case "sidecar/plain.txt.gz": packed
        default: Array((texts[name] ?? "").utf8)
        }
    }

    /// Creates `site` and `second` in a directory, which is created if necessary.
    public static func make(at directory: String) throws {
        let names = texts.keys + ["bytes.bin", "sidecar/plain.txt.gz"]
        for name in names {
            try write(content(of: name), directory + "/site/" + name, times[name] ?? modified)
        }
        for (name, text) in secondTexts {
            try write(Array(text.utf8), directory + "/second/" + name, modified)
        }
    }

    private static func write(_ content: [UInt8], _ path: String, _ seconds: Int) throws {
        let parent = (path as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
        try Data(content).write(to: URL(fileURLWithPath: path))
        unsafe chmod(path, 0o644)
        let time = timespec(tv_sec: seconds, tv_nsec: 0)
        var times = [time, time]
        guard unsafe utimensat(AT_FDCWD, path, &times, 0) == 0 else {
            throw CocoaError(.fileWriteUnknown)
        }
    }
}
