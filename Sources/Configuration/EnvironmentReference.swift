/// `${ENV:NAME}` or `${ENV:NAME:-default}` in a word: an extension of apus, so that a container
/// needs no template processor. The default replaces a variable that is unset or empty, as in a
/// shell.
struct EnvironmentReference {
    /// A syntax error in a reference.
    struct Fault {
        let message: String
        let help: String
    }

    /// The variable's name.
    let name: String
    /// The text after `:-`, as written; nil without one.
    let defaultText: ArraySlice<UInt8>?
    /// The end of the reference: after its brace, or the end of the word without one.
    let end: Int
    /// The syntax error, if there is one.
    let fault: Fault?

    private static let opening = Array("${ENV:".utf8)

    /// Returns the index where the first reference of a text begins.
    static func firstStart(in text: ArraySlice<UInt8>) -> Int? {
        guard var index = text.firstIndex(of: ASCII.dollar) else { return nil }
        while index < text.endIndex {
            if text[index...].starts(with: opening) { return index }
            guard let next = text[(index + 1)...].firstIndex(of: ASCII.dollar) else { return nil }
            index = next
        }
        return nil
    }

    /// Parses the reference that a text begins with.
    init(_ text: ArraySlice<UInt8>) {
        let inside = text.dropFirst(EnvironmentReference.opening.count)
        let brace = inside.firstIndex(of: ASCII.closeBrace)
        let content = inside[inside.startIndex..<(brace ?? inside.endIndex)]
        end = brace.map { $0 + 1 } ?? inside.endIndex
        let colon = content.firstIndex(of: UInt8(ascii: ":"))
        let nameBytes = content[content.startIndex..<(colon ?? content.endIndex)]
        name = String(decoding: nameBytes, as: UTF8.self)
        let rest = content[(colon ?? content.endIndex)...]
        defaultText = rest.starts(with: Array(":-".utf8)) ? rest.dropFirst(2) : nil
        fault = EnvironmentReference.fault(
            nameBytes, isClosed: brace != nil, isWhole: rest.isEmpty || defaultText != nil)
    }

    private static func fault(
        _ name: ArraySlice<UInt8>, isClosed: Bool, isWhole: Bool
    ) -> Fault? {
        guard isClosed else {
            return Fault(
                message: "\"${ENV:\" is not closed in this word",
                help: "a \"}\" is missing; a default with spaces needs quotes around the word")
        }
        guard isName(name) else {
            return Fault(
                message: "\"\(String(decoding: name, as: UTF8.self))\" is not a valid name of an "
                    + "environment variable",
                help: "a name has letters, digits and underscores: ${ENV:NAME}")
        }
        guard isWhole else {
            return Fault(
                message: "a default begins with \":-\"", help: "write ${ENV:NAME:-default}")
        }
        return nil
    }

    private static func isName(_ name: ArraySlice<UInt8>) -> Bool {
        guard let first = name.first, !ASCII.isDigit(first) else { return false }
        return name.allSatisfy { byte in
            let lower = ASCII.lowercased(byte)
            return ASCII.isDigit(byte) || byte == UInt8(ascii: "_")
                || (lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z"))
        }
    }
}
