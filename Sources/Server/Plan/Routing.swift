import Files
import HTTP

/// The locations of one level, ready to be searched.
struct LocationTree: BitwiseCopyable {
    /// `=` locations, sorted by name.
    var exact: PlanTable<NamedIndex>
    /// Prefix locations, sorted by name.
    var prefixes: PlanTable<PrefixLocation>
    /// Regular expressions in the order of the file.
    var regexes: PlanTable<RegexLocation>

    var isEmpty: Bool { exact.isEmpty && prefixes.isEmpty && regexes.isEmpty }
}

/// A prefix location.
struct PrefixLocation: BitwiseCopyable {
    var name: PlanBytes
    var location: Int32
    /// The longest other prefix location whose name is a prefix of this one; -1 for none.
    var parent: Int32
    /// True for `^~`.
    var precedesRegexes: Bool
    /// The index of the tree with the nested locations; -1 for none.
    var children: Int32
}

/// A `~` or `~*` location.
struct RegexLocation: BitwiseCopyable {
    /// The index of the regular expression.
    var regex: Int32
    var location: Int32
    var children: Int32
}

/// The result of searching one level.
enum LocationMatch: Equatable {
    /// A prefix: a regular expression of an enclosing level may still win.
    case prefix(Int32)
    /// An exact name: nothing else wins.
    case final(Int32)
    /// A location selected by a regular expression: nothing else wins.
    case matched(Int32, by: Int32)
    /// No location matches: the settings of the enclosing level apply.
    case none
    /// The regular expression of this location took too many steps: 500, as nginx.
    case limitReached(Int32)
}

extension Plan {
    /// The location of `path`, as ngx_http_core_find_location finds it: an exact name wins, then
    /// the longest prefix, its nested locations, and unless it is a `^~` the first regular
    /// expression. Candidates are noted if there is an explanation.
    func location(
        for path: Span<UInt8>, in tree: LocationTree, _ explanation: Explanation? = nil
    ) -> LocationMatch {
        if let location = tree.exact.index(of: path) {
            if let explanation { note(location, "the exact path", explanation) }
            return .final(location)
        }
        var best = LocationMatch.none
        if let index = longestPrefix(of: path, in: tree.prefixes) {
            let prefix = tree.prefixes[index]
            best = .prefix(prefix.location)
            if let explanation { notePrefixes(index, of: tree.prefixes, explanation) }
            switch nested(path, in: prefix.children, explanation) {
            case .none: break
            case .prefix(let location): best = .prefix(location)
            case let decided: return decided
            }
            if prefix.precedesRegexes { return best }
        }
        return firstRegex(matching: path, in: tree, explanation) ?? best
    }

    @inline(__always)
    private func nested(
        _ path: Span<UInt8>, in tree: Int32, _ explanation: Explanation?
    ) -> LocationMatch {
        tree < 0 ? .none : inner(path, in: trees[Int(tree)], explanation)
    }

    @inline(never)
    private func inner(
        _ path: Span<UInt8>, in tree: LocationTree, _ explanation: Explanation?
    ) -> LocationMatch {
        explanation?.begin("the locations inside of it")
        let found = location(for: path, in: tree, explanation)
        explanation?.end()
        return found
    }

    private func firstRegex(
        matching path: Span<UInt8>, in tree: LocationTree, _ explanation: Explanation?
    ) -> LocationMatch? {
        var index = 0
        while index < tree.regexes.count {
            let candidate = tree.regexes[index]
            let outcome = regexes[Int(candidate.regex)].matches(path)
            if let explanation { note(candidate.location, outcome.text, explanation) }
            switch outcome {
            case .match:
                switch nested(path, in: candidate.children, explanation) {
                case .none: return .matched(candidate.location, by: candidate.regex)
                case .prefix(let location), .final(let location):
                    return .matched(location, by: candidate.regex)
                case let decided: return decided
                }
            case .noMatch: break
            case .limitReached, .failed: return .limitReached(candidate.location)
            }
            index &+= 1
        }
        return nil
    }

    /// The sorted neighbour below the path, or one of its own prefixes, is the longest prefix.
    private func longestPrefix(
        of path: Span<UInt8>, in prefixes: PlanTable<PrefixLocation>
    ) -> Int? {
        let after = bisect(prefixes.count) {
            compare(prefixes[$0].name.span, path) <= 0 ? -1 : 1
        }
        var index = after.index &- 1
        while index >= 0 {
            if path.starts(with: prefixes[index].name.span) { return index }
            index = Int(prefixes[index].parent)
        }
        return nil
    }
}

extension Span where Element == UInt8 {
    /// Whether these bytes begin with those.
    func starts(with prefix: Span<UInt8>) -> Bool {
        guard prefix.count <= count else { return false }
        return slice(from: 0, to: prefix.count).equals(prefix)
    }
}

/// The servers of one address by their names, which are in lower case.
struct VirtualHosts: BitwiseCopyable {
    /// The default server, for hosts that match no name.
    var defaultServer: Int32
    /// Exact names, sorted.
    var exact: PlanTable<NamedIndex>
    /// The parts after the `*` of `*.example.com`, with the dot, sorted.
    var leading: PlanTable<NamedIndex>
    /// The parts before the `*` of `www.example.*`, with the dot, sorted.
    var trailing: PlanTable<NamedIndex>
    /// Regular expressions in the order of the file.
    var regexes: PlanTable<ServerRegex>

    /// True if there is more than one server to select from.
    var hasNames: Bool
    /// `unix:` and the path of a unix socket, as in `$server_addr`; empty for other addresses.
    var socketName: PlanBytes
    /// `proxy_protocol`: a PROXY protocol header precedes the first request of a connection.
    var readsProxyHeader: Bool
}

/// A name that is a regular expression (`~`).
struct ServerRegex: BitwiseCopyable {
    var regex: Int32
    var server: Int32
}

/// The rule that selected a server.
enum NameRule: UInt8, BitwiseCopyable {
    case onlyServer, exact, leadingWildcard, trailingWildcard, regex, defaultServer
}

extension Plan {
    /// Selects the server of a host in lower case, in nginx's order: the exact name, the longest
    /// wildcard at the beginning, the longest at the end, the first regular expression, the
    /// default. Also returns the regular expression, or -1, and the rule.
    func server(
        for host: Span<UInt8>, at address: VirtualHosts
    ) -> (server: Int32, regex: Int32, rule: NameRule) {
        if let server = address.exact.index(of: host) { return (server, -1, .exact) }
        if let server = leadingWildcard(host, address) { return (server, -1, .leadingWildcard) }
        if let server = trailingWildcard(host, address) { return (server, -1, .trailingWildcard) }
        // nginx does not match regular expressions against the empty name of a request without
        // Host.
        var index = host.isEmpty ? address.regexes.count : 0
        while index < address.regexes.count {
            let candidate = address.regexes[index]
            if regexes[Int(candidate.regex)].matches(host) == .match {
                return (candidate.server, candidate.regex, .regex)
            }
            index &+= 1
        }
        return (address.defaultServer, -1, .defaultServer)
    }

    private func leadingWildcard(_ host: Span<UInt8>, _ address: VirtualHosts) -> Int32? {
        guard !address.leading.isEmpty else { return nil }
        // nginx accepts a host that begins with a dot: `.example.com` matches *.example.com.
        var position = 0
        while position < host.count {
            if host[position] == UInt8(ascii: "."),
                let server = address.leading.index(of: host.slice(from: position, to: host.count))
            {
                return server
            }
            position &+= 1
        }
        return nil
    }

    private func trailingWildcard(_ host: Span<UInt8>, _ address: VirtualHosts) -> Int32? {
        guard !address.trailing.isEmpty else { return nil }
        var position = host.count &- 2
        while position > 0 {
            if host[position] == UInt8(ascii: "."),
                let server = address.trailing.index(of: host.slice(from: 0, to: position &+ 1))
            {
                return server
            }
            position &-= 1
        }
        return nil
    }
}
