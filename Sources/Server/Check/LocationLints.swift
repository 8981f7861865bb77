import Configuration

/// Lints about locations and their contents.
enum LocationLints {
    static func findings(_ path: BlockPath) -> [Finding] {
        switch path.name {
        case "alias": aliasSlash(path)
        case "server", "location": unreachable(in: path)
        case "return": unreachableSteps(path)
        case "if": ifFile(path)
        case "add_header": lostHeader(path)
        default: []
        }
    }

    /// Finds `location /img { alias /srv/img/; }`: /img../secret is /srv/img/../secret.
    private static func aliasSlash(_ path: BlockPath) -> [Finding] {
        guard let location = path.outer.last(where: { $0.name.text == "location" }),
            let value = path.directive.arguments.first?.text
        else { return [] }
        let (modifier, name) = location.locationName
        guard modifier == "" || modifier == "^~", !name.hasSuffix("/"), value.hasSuffix("/") else {
            return []
        }
        return [
            path.finding(
                .aliasSlash, "\"\(name)../\" leads out of this alias", at: 0,
                help: [
                    "write location \(name)/ with this alias; apus refuses such a path, "
                        + "nginx serves it"
                ])
        ]
    }

    // MARK: unreachable locations

    /// Finds locations that no request reaches because of others in the block. The block is walked
    /// once: it may have thousands.
    private static func unreachable(in block: BlockPath) -> [Finding] {
        let locations = (block.directive.block ?? []).filter { $0.name.text == "location" }
        guard locations.count > 1 else { return [] }
        let names = locations.map(\.locationName)
        func isRegex(_ index: Int) -> Bool { names[index].modifier.hasPrefix("~") }
        let catchAllPrefix = names.firstIndex { $0 == ("^~", "/") }
        let catchAllRegex = names.indices.first { isRegex($0) && matchesAll(names[$0].name) }
        // The preceding regular expressions, without and with regard to case.
        var caseless: [String: Int] = [:]
        var exact: [String: Int] = [:]
        var findings: [Finding] = []
        for (index, (modifier, name)) in names.enumerated() {
            var hiding: Int?
            if isRegex(index) {
                let others = [
                    caseless[name], modifier == "~" ? exact[name] : nil,
                    catchAllRegex.flatMap { $0 < index ? $0 : nil },
                ]
                hiding = others.compactMap { $0 }.min() ?? catchAllPrefix
                if modifier == "~*" {
                    caseless[name] = caseless[name] ?? index
                } else {
                    exact[name] = exact[name] ?? index
                }
            } else if modifier == "" {
                hiding = catchAllRegex
            }
            guard let hiding else { continue }
            let path = BlockPath(
                directive: locations[index], outer: block.outer + [block.directive])
            findings.append(unreachable(path, behind: locations[hiding]))
        }
        return findings
    }

    private static func matchesAll(_ pattern: String) -> Bool {
        ["", ".", ".*", "^", "^.*", "^.*$", "/", "^/", "^/.*", "^/.*$", ".*$", "^(.*)$", "^/(.*)$"]
            .contains(pattern)
    }

    private static func unreachable(_ path: BlockPath, behind other: Directive) -> Finding {
        let finding = path.finding(
            .unreachableLocation, "no request reaches this location", at: 0)
        return Finding(
            lint: finding.lint,
            diagnostic: finding.diagnostic.relating(
                "this location matches all of them first", to: other.place,
                length: other.name.length))
    }

    /// Finds directives after a `return` in the same block, which never run.
    private static func unreachableSteps(_ path: BlockPath) -> [Finding] {
        guard let own = path.siblings.firstIndex(of: path.directive) else { return [] }
        let steps: Set<String> = ["return", "rewrite", "set", "if", "break"]
        return path.siblings[(own + 1)...].filter { steps.contains($0.name.text) }.map {
            let step = BlockPath(directive: $0, outer: path.outer)
            let finding = step.finding(.unreachableStep, "this never runs")
            return Finding(
                lint: finding.lint,
                diagnostic: finding.diagnostic.relating(
                    "every request ends here", to: path.directive.place,
                    length: path.directive.name.length))
        }
    }

    // MARK: probable mistakes

    private static func ifFile(_ path: BlockPath) -> [Finding] {
        let words = path.directive.arguments.map(\.text).joined(separator: " ")
        guard ["-f ", "-d ", "-e "].contains(where: { holds(words, $0) }) else { return [] }
        return [
            path.finding(
                .ifFile, "\"if\" tests for a file",
                help: ["try_files does that without the side effects of \"if\""])
        ]
    }

    private static func holds(_ text: String, _ part: String) -> Bool {
        let bytes = Array(text.utf8)
        let wanted = Array(part.utf8)
        guard bytes.count >= wanted.count else { return false }
        return (0...(bytes.count - wanted.count)).contains {
            Array(bytes[$0..<($0 + wanted.count)]) == wanted
        }
    }

    /// Finds the first add_header of a level that hides those of an enclosing level.
    private static func lostHeader(_ path: BlockPath) -> [Finding] {
        let first = path.siblings.first { $0.name.text == "add_header" }
        guard first == path.directive,
            !path.siblings.contains(where: {
                $0.name.text == "add_header_inherit" && $0.arguments.first?.text == "merge"
            })
        else { return [] }
        for block in path.outer.dropLast().reversed() {
            let outer = (block.block ?? []).filter { $0.name.text == "add_header" }
            guard let hidden = outer.first else { continue }
            let names = Set(
                path.siblings.filter { $0.name.text == "add_header" }.compactMap {
                    $0.arguments.first?.text
                })
            let lost = outer.compactMap { $0.arguments.first?.text }.filter { !names.contains($0) }
            guard !lost.isEmpty else { return [] }
            let finding = path.finding(
                .lostHeader, "with this, \(lost.joined(separator: ", ")) is not sent any more",
                help: ["repeat the outer ones here, or write add_header_inherit merge;"])
            return [
                Finding(
                    lint: finding.lint,
                    diagnostic: finding.diagnostic.relating(
                        "it was set here", to: hidden.place, length: hidden.name.length))
            ]
        }
        return []
    }
}

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
