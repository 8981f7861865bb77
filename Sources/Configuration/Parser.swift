/// A file that the caller has read.
public struct LoadedFile: Hashable, Sendable {
    /// The name in messages and in the output of `-T`: the absolute path.
    public let name: String
    /// The content of the file.
    public let bytes: [UInt8]

    /// Creates a file from its name and content.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

/// The reason that a file could not be read ("No such file or directory").
public struct LoadFailure: Error, Hashable, Sendable {
    /// The reason, which follows `cannot read "path": `.
    public let reason: String

    /// Creates a failure with a reason.
    public init(_ reason: String) { self.reason = reason }
}

/// The result of parsing a configuration.
public struct ParsedConfiguration: Sendable {
    /// The directives, with includes expanded; with errors, as many as could be parsed.
    public let tree: [Directive]
    /// Every file that was read, in order.
    public let sources: Sources
    /// The errors and warnings.
    public let diagnostics: [Diagnostic]
}

/// The blocks of nginx's static modules that hold values instead of directives.
public let standardRawBlocks: Set<String> = [
    "types", "map", "geo", "split_clients", "charset_map",
]

/// Parses the text of a configuration into a tree of directives.
///
/// - Parameters:
/// - main: the path of the first file, which is passed to `load`.
/// - rawBlocks: the names of the blocks that hold values.
/// - environment: returns the value of an environment variable for `${ENV:NAME}`; nil if it is
///   unset.
/// - load: reads a file. Its argument is that of `include`, or a path that `glob` returned; it is
///   called once for each different path.
/// - glob: returns the paths that match a pattern (an argument of `include` with `*`, `?` or `[`),
///   in the order in which they are included; no match is not an error.
public func parse(
    main: String, rawBlocks: Set<String> = standardRawBlocks,
    environment: @escaping (String) -> [UInt8]? = { _ in nil },
    load: @escaping (String) -> Result<LoadedFile, LoadFailure>,
    glob: @escaping (String) -> [String]
) -> ParsedConfiguration {
    var parser = Parser(
        rawBlocks: rawBlocks, environment: environment, load: load, glob: glob)
    parser.parseMain(main)
    return ParsedConfiguration(
        tree: parser.tree, sources: parser.sources,
        diagnostics: withoutRepeats(parser.diagnostics))
}

/// Returns the diagnostics without duplicates: a file that is included twice has its errors twice.
func withoutRepeats(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    var seen = Set<Diagnostic>()
    return diagnostics.filter { seen.insert($0).inserted }
}

/// Builds the tree. Open blocks are on an explicit stack, so that deep nesting cannot overflow the
/// call stack.
private struct Parser {
    /// An open block. A dropped one keeps the braces balanced and is not added to the tree.
    private struct OpenBlock {
        let words: [Word]
        let brace: Place
        let isRaw: Bool
        let isDropped: Bool
        var directives: [Directive] = []
    }

    private static let maxBlockDepth = 128
    private static let maxIncludeDepth = 64
    /// The maximum number of includes, far more than real configurations have. It stops files that
    /// include each other twice at every level.
    private static let maxIncludes = 100_000

    let rawBlocks: Set<String>
    let environment: (String) -> [UInt8]?
    let load: (String) -> Result<LoadedFile, LoadFailure>
    let glob: (String) -> [String]
    var tree: [Directive] = []
    var sources = Sources()
    var diagnostics: [Diagnostic] = []
    private var blocks: [OpenBlock] = []
    /// The files being read, outermost first.
    private var including: [Int] = []
    private var includes = 0
    private var sourcesByPath: [String: Int] = [:]
    private var sourcesByName: [String: Int] = [:]

    init(
        rawBlocks: Set<String>, environment: @escaping (String) -> [UInt8]?,
        load: @escaping (String) -> Result<LoadedFile, LoadFailure>,
        glob: @escaping (String) -> [String]
    ) {
        self.rawBlocks = rawBlocks
        self.environment = environment
        self.load = load
        self.glob = glob
    }

    mutating func parseMain(_ path: String) {
        switch source(path) {
        case .success(let source): parseFile(source)
        case .failure(let failure):
            diagnostics.append(
                Diagnostic(.error, "cannot read \"\(path)\": \(failure.reason)", at: nil))
        }
    }

    private mutating func parseFile(_ source: Int) {
        including.append(source)
        defer { including.removeLast() }
        let outer = blocks.count
        var lexer = Lexer(sources.files[source], source: source, environment: environment)
        var known = 0
        while true {
            let statement = lexer.next()
            diagnostics += lexer.diagnostics[known...]
            known = lexer.diagnostics.count
            switch statement.terminator {
            case .semicolon: add(statement.words)
            case .openBrace: open(statement)
            case .closeBrace: close(statement, outer: outer)
            case .endOfFile:
                addUnterminated(statement.words)
                leave(outer: outer, reports: true)
                return
            case .unclosedQuote:
                leave(outer: outer, reports: false)
                return
            }
        }
    }

    /// Adds a directive that ended in `;`.
    private mutating func add(_ words: [Word]) {
        guard let name = words.first else { return }
        if name.text == "include" {
            include(words)
        } else {
            append(Directive(name: name, arguments: Array(words.dropFirst())))
        }
    }

    private mutating func append(_ directive: Directive) {
        if blocks.isEmpty {
            tree.append(directive)
        } else {
            blocks[blocks.count - 1].directives.append(directive)
        }
    }

    private mutating func open(_ statement: Lexer.Statement) {
        let isInRaw = blocks.last?.isRaw ?? false
        var isDropped = isInRaw || statement.words.isEmpty || (blocks.last?.isDropped ?? false)
        let name = statement.words.first?.text ?? ""
        if isInRaw, !statement.words.isEmpty {
            diagnostics.append(
                Diagnostic(
                    "unexpected \"{\"", at: statement.place,
                    help: ["the block around it contains values, each followed by \";\""]))
        } else if name == "include" {
            isDropped = true
            diagnostics.append(
                Diagnostic("directive \"include\" is not terminated by \";\"", at: statement.place))
        } else if blocks.count == Parser.maxBlockDepth {
            diagnostics.append(
                Diagnostic(
                    "blocks are nested more than \(Parser.maxBlockDepth) deep",
                    at: statement.place))
        }
        blocks.append(
            OpenBlock(
                words: statement.words, brace: statement.place,
                isRaw: isInRaw || rawBlocks.contains(name),
                isDropped: isDropped || blocks.count >= Parser.maxBlockDepth))
    }

    private mutating func close(_ statement: Lexer.Statement, outer: Int) {
        var words = statement.words
        if let last = words.last, !last.isQuoted, last.bytes.last == ASCII.closeBrace,
            last.length > 1, !last.bytes.contains(ASCII.openBrace), blocks.count > outer + 1
        {
            // `root /srv}` followed by `}`: nginx takes the first brace as part of the word, which
            // is never meant.
            words[words.count - 1] = last.withoutLastByte
            addUnterminated(words)
            closeInnermost(at: last.end.advanced(by: -1))
        } else {
            addUnterminated(words)
        }
        if blocks.count > outer {
            closeInnermost(at: statement.place)
        } else {
            diagnostics.append(
                Diagnostic(
                    "unexpected \"}\"", at: statement.place,
                    help: ["no block is open here"]))
        }
    }

    private mutating func closeInnermost(at brace: Place?) {
        let block = blocks.removeLast()
        guard let name = block.words.first, !block.isDropped else { return }
        append(
            Directive(
                name: name, arguments: Array(block.words.dropFirst()), block: block.directives,
                openBrace: block.brace, closeBrace: brace))
    }

    /// Adds a directive that ended in `}` or at the end of the file.
    private mutating func addUnterminated(_ words: [Word]) {
        guard let last = words.last else { return }
        diagnostics.append(Diagnostic("\";\" is missing here", at: last.end))
        add(words)
    }

    /// Closes the blocks that a file left open.
    private mutating func leave(outer: Int, reports: Bool) {
        while let block = blocks.last, blocks.count > outer {
            if reports, !block.isDropped {
                let name = block.words.first.map { " of \"\($0.text)\"" } ?? ""
                diagnostics.append(
                    Diagnostic(
                        "unexpected end of file: the block\(name) that was opened here is not "
                            + "closed",
                        at: block.brace, help: ["a \"}\" is missing"]))
            }
            closeInnermost(at: nil)
        }
    }

    private mutating func include(_ words: [Word]) {
        guard words.count == 2 else {
            diagnostics.append(
                Diagnostic(
                    "invalid number of arguments in \"include\" directive", at: words[0],
                    help: ["it takes 1 argument"]))
            return
        }
        let isPattern = words[1].bytes.contains {
            $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
        }
        let path = words[1].text
        for path in isPattern ? glob(path) : [path] { include(path, at: words[1]) }
    }

    private mutating func include(_ path: String, at word: Word) {
        switch source(path) {
        case .failure(let failure):
            diagnostics.append(
                Diagnostic("cannot read \"\(path)\": \(failure.reason)", at: word))
        case .success(let source) where including.contains(source):
            diagnostics.append(Diagnostic("\"\(path)\" is included from within itself", at: word))
        case .success where including.count > Parser.maxIncludeDepth:
            diagnostics.append(
                Diagnostic(
                    "files are included more than \(Parser.maxIncludeDepth) deep", at: word))
        case .success(let source):
            includes += 1
            if includes <= Parser.maxIncludes {
                parseFile(source)
            } else if includes == Parser.maxIncludes + 1 {
                diagnostics.append(
                    Diagnostic(
                        "files are included more than \(Parser.maxIncludes) times", at: word))
            }
        }
    }

    /// Returns the file at a path, and loads it at the first call.
    private mutating func source(_ path: String) -> Result<Int, LoadFailure> {
        if let known = sourcesByPath[path] { return .success(known) }
        return load(path).map { file in
            let source =
                sourcesByName[file.name]
                ?? sources.add(
                    SourceText(name: file.name, bytes: file.bytes))
            sourcesByName[file.name] = source
            sourcesByPath[path] = source
            return source
        }
    }
}

extension Word {
    /// The word without its last byte, which is not an escaped one.
    fileprivate var withoutLastByte: Word {
        Word(
            bytes: bytes.dropLast(), place: place, length: length - 1, isQuoted: isQuoted,
            startsLine: startsLine, literals: literals)
    }
}
