/// Splits a file into statements by the rules of nginx's ngx_conf_read_token.
///
/// A word ends at white space, `;` or `{`; a `}` or `#` inside a word is part of it, and so is the
/// `{` after a `$`. Errors are collected and reading continues.
struct Lexer {
    /// The end of a statement.
    enum Terminator {
        case semicolon, openBrace, closeBrace, endOfFile
        /// The file ended inside a quoted word, so that everything after the quote was lost.
        case unclosedQuote
    }

    /// The words of a statement, and its end.
    struct Statement {
        var words: [Word] = []
        var terminator: Terminator
        var place: Place
    }

    /// The errors so far.
    private(set) var diagnostics: [Diagnostic] = []
    private let bytes: [UInt8]
    private let source: Int
    private let environment: (String) -> [UInt8]?
    private var at: Int
    /// True if only white space was read on this line so far.
    private var startsLine = true

    /// Creates a lexer for one file; `environment` returns the value for each `${ENV:NAME}`.
    init(_ file: SourceText, source: Int, environment: @escaping (String) -> [UInt8]?) {
        bytes = file.bytes
        at = file.start
        self.source = source
        self.environment = environment
    }

    /// Returns the next statement; `endOfFile` and `unclosedQuote` are the last ones.
    mutating func next() -> Statement {
        var words: [Word] = []
        while true {
            skipSpaceAndComments()
            let place = Place(source: source, offset: at)
            guard at < bytes.count else {
                return Statement(words: words, terminator: .endOfFile, place: place)
            }
            switch bytes[at] {
            case ASCII.semicolon:
                pass()
                if !words.isEmpty {
                    return Statement(words: words, terminator: .semicolon, place: place)
                }
                diagnostics.append(Diagnostic("unexpected \";\"", at: place))
            case ASCII.openBrace:
                pass()
                if words.isEmpty { diagnostics.append(Diagnostic("unexpected \"{\"", at: place)) }
                return Statement(words: words, terminator: .openBrace, place: place)
            case ASCII.closeBrace:
                pass()
                return Statement(words: words, terminator: .closeBrace, place: place)
            case ASCII.doubleQuote, ASCII.singleQuote:
                guard let word = readQuoted() else {
                    return Statement(terminator: .unclosedQuote, place: place)
                }
                words.append(word)
                checkAfterQuote(word)
            default:
                words.append(readBare())
            }
        }
    }

    /// Skips one byte that is not white space.
    private mutating func pass() {
        at += 1
        startsLine = false
    }

    private mutating func skipSpaceAndComments() {
        var isComment = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == ASCII.lineFeed {
                isComment = false
                startsLine = true
            } else if byte == ASCII.sharp {
                isComment = true
            } else if !isComment, !ASCII.isSpace(byte) {
                return
            }
            at += 1
        }
    }

    private mutating func readBare() -> Word {
        let start = at
        var isAfterDollar = false
        var mayBeInvisible = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte >= 0x7F || byte < 0x20 { mayBeInvisible = true }
            if byte == ASCII.openBrace, isAfterDollar {
                at += 1
                continue
            }
            isAfterDollar = byte == ASCII.dollar
            if byte == ASCII.backslash {
                at = min(at + 2, bytes.count)
            } else if byte == ASCII.semicolon || byte == ASCII.openBrace || ASCII.isSpace(byte) {
                break
            } else {
                at += 1
            }
        }
        if mayBeInvisible { noteInvisible(start..<at) }
        return word(start..<at, content: start..<at, isQuoted: false)
    }

    /// Reads a word in quotes. Returns nil and reports an error if the quote is never closed.
    private mutating func readQuoted() -> Word? {
        let start = at
        let quote = bytes[at]
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            if byte == ASCII.backslash {
                at = min(at + 2, bytes.count)
                continue
            }
            at += 1
            if byte == quote {
                return word(start..<at, content: start + 1..<at - 1, isQuoted: true)
            }
        }
        let character = Character(Unicode.Scalar(quote))
        diagnostics.append(
            Diagnostic(
                "unexpected end of file: the quote \(character) that was opened here is not closed",
                at: Place(source: source, offset: start)))
        return nil
    }

    /// Checks the byte after a quoted word: nginx requires white space, `;`, `{` or `)`. A `}` is
    /// left to the parser, which reports the missing semicolon.
    private mutating func checkAfterQuote(_ word: Word) {
        guard at < bytes.count else { return }
        let byte = bytes[at]
        switch byte {
        case ASCII.semicolon, ASCII.openBrace, ASCII.closeBrace, ASCII.closeParenthesis: return
        case _ where ASCII.isSpace(byte): return
        default: break
        }
        let end = endOfCharacter(at)
        let text = String(decoding: bytes[at..<end], as: UTF8.self)
        let error = Diagnostic(
            "unexpected \"\(text)\" after a quoted word",
            at: Place(source: source, offset: at), length: end - at,
            help: ["a space, \";\" or \"{\" must follow the closing quote"])
        let line = bytes[word.place.offset..<at]
        diagnostics.append(
            line.contains(ASCII.lineFeed)
                ? error.relating("the quote was opened here", to: word.place) : error)
    }

    private mutating func word(
        _ range: Range<Int>, content: Range<Int>, isQuoted: Bool
    ) -> Word {
        defer { startsLine = false }
        let (bytes, literals) = meaning(of: content)
        return Word(
            bytes: bytes,
            place: Place(source: source, offset: range.lowerBound), length: range.count,
            isQuoted: isQuoted, startsLine: startsLine, literals: literals)
    }

    /// Returns the value of a range of the file, with escapes and environment references replaced;
    /// the second result is the parts that came from the environment.
    private mutating func meaning(
        of content: Range<Int>
    ) -> (bytes: [UInt8], literals: [Range<Int>]) {
        var result: [UInt8] = []
        var literals: [Range<Int>] = []
        var done = content.lowerBound
        while let start = EnvironmentReference.firstStart(in: bytes[done..<content.upperBound]) {
            let reference = EnvironmentReference(bytes[start..<content.upperBound])
            result += Lexer.withoutEscapes(bytes[done..<start])
            let value = value(of: reference, at: start)
            literals.append(result.count..<result.count + value.count)
            result += value
            done = reference.end
        }
        return (result + Lexer.withoutEscapes(bytes[done..<content.upperBound]), literals)
    }

    /// Returns the value of a reference: never split into words, nor parsed as syntax.
    private mutating func value(of reference: EnvironmentReference, at start: Int) -> [UInt8] {
        if let fault = reference.fault {
            report(fault.message, fault.help, start..<reference.end)
            return []
        }
        let value = environment(reference.name)
        if let defaultText = reference.defaultText, value ?? [] == [] {
            return Lexer.withoutEscapes(defaultText)
        }
        if value == nil {
            report(
                "the environment variable \"\(reference.name)\" is not set",
                "set it, or write a default: ${ENV:\(reference.name):-value}", start..<reference.end
            )
        }
        return value ?? []
    }

    private mutating func report(_ message: String, _ help: String, _ range: Range<Int>) {
        diagnostics.append(
            Diagnostic(
                message, at: Place(source: source, offset: range.lowerBound), length: range.count,
                help: [help]))
    }

    /// Removes the backslash before `"`, `'` and `\`, converts `\t`, `\r` and `\n`, and leaves
    /// every other backslash (those of regular expressions) unchanged.
    private static func withoutEscapes(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard text.contains(ASCII.backslash) else { return Array(text) }
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            let byte = text[index]
            index += 1
            guard byte == ASCII.backslash, index < text.endIndex else {
                result.append(byte)
                continue
            }
            switch text[index] {
            case ASCII.doubleQuote, ASCII.singleQuote, ASCII.backslash: result.append(text[index])
            case UInt8(ascii: "t"): result.append(ASCII.tab)
            case UInt8(ascii: "r"): result.append(ASCII.carriageReturn)
            case UInt8(ascii: "n"): result.append(ASCII.lineFeed)
            default:
                result.append(byte)
                continue
            }
            index += 1
        }
        return result
    }

    private func endOfCharacter(_ start: Int) -> Int {
        var end = start + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// Reports the characters of an unquoted word that look like white space, quotes or nothing.
    private mutating func noteInvisible(_ range: Range<Int>) {
        var index = range.lowerBound
        while index < range.upperBound {
            let end = min(endOfCharacter(index), range.upperBound)
            if let name = InvisibleCharacter.name(of: bytes[index..<end]) {
                diagnostics.append(
                    Diagnostic(
                        .note, "this word contains \(name)",
                        at: Place(source: source, offset: index), length: end - index,
                        help: ["put the word in quotes if this is intended"]))
            }
            index = end
        }
    }
}
