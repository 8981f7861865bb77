import Configuration

/// A directive of the tree with its enclosing blocks.
struct BlockPath {
    let directive: Directive
    /// The enclosing blocks, from the outermost to the innermost.
    let outer: [Directive]

    var name: String { directive.name.text }

    /// The innermost enclosing block.
    var parent: Directive? { outer.last }

    /// All directives of the same block, including itself.
    var siblings: [Directive] { parent?.block ?? [] }

    /// Calls `visit` for every directive of a tree, blocks before their contents. The rows of
    /// `types` and similar blocks are no directives.
    static func walk(_ tree: [Directive], _ visit: (BlockPath) -> Void) {
        walk(tree, [], visit)
    }

    private static func walk(
        _ directives: [Directive], _ outer: [Directive], _ visit: (BlockPath) -> Void
    ) {
        for directive in directives {
            visit(BlockPath(directive: directive, outer: outer))
            guard let block = directive.block,
                !DirectiveList.table.rawBlockNames.contains(directive.name.text)
            else { continue }
            walk(block, outer + [directive], visit)
        }
    }

    /// Returns a finding about the directive, at one of its words.
    func finding(
        _ lint: Lint, _ message: String, at index: Int? = nil, help: [String] = []
    ) -> Finding {
        let arguments = directive.arguments
        let word = index.flatMap { arguments.indices.contains($0) ? arguments[$0] : nil }
        let place = word ?? directive.name
        return Finding(
            lint: lint,
            diagnostic: Diagnostic(
                .warning, "\(message) [\(lint.rawValue)]", at: place.place, length: place.length,
                help: help))
    }
}

extension Directive {
    /// The modifier and the name of a `location`.
    var locationName: (modifier: String, name: String) {
        if arguments.count == 2 { return (arguments[0].text, arguments[1].text) }
        let text = arguments.first?.text ?? ""
        for modifier in ["=", "^~", "~*", "~"] where text.hasPrefix(modifier) {
            return (modifier, String(text.dropFirst(modifier.utf8.count)))
        }
        return (text.hasPrefix("@") ? "@" : "", text)
    }
}
