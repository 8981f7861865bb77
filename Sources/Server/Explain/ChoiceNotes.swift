import Files
import HTTP
import Linux

/// Notes about the selection of server and location.
enum ChoiceNotes {
    /// Notes why the server was selected.
    @inline(never)
    static func noteServer(
        _ rule: NameRule, _ regex: Int32, _ host: Span<UInt8>, _ request: borrowing Request,
        _ services: borrowing Services
    ) {
        guard let explanation = services.explanation else { return }
        let server = services.plan.servers[Int(request.server)]
        let names = server.name.isEmpty ? "" : " \"\(server.name.text)\""
        let origin = services.plan.locationPlaces[Int(server.settings)]
        let place = services.plan.place(of: origin).map { " (\($0))" } ?? ""
        let reason =
            switch rule {
            case .onlyServer: "the only server of the address"
            case .exact where host.isEmpty: "the request has no host, and the server has no name"
            case .exact: "\"\(host.text)\" is one of its names"
            case .leadingWildcard, .trailingWildcard:
                "its wildcard name is the longest that matches \"\(host.text)\""
            case .regex:
                "its name ~\(services.plan.regexes[Int(regex)].pattern) is the first that matches "
                    + "\"\(host.text)\""
            case .defaultServer where host.isEmpty:
                "the request has no host: the default server of the address"
            case .defaultServer:
                "no server is named \"\(host.text)\": the default server of the address"
            }
        explanation.note("server\(names)\(place): \(reason)")
    }

    /// Searches for a location, and notes the candidates and the result.
    @inline(never)
    static func explainedLocation(of request: borrowing Request, _ services: borrowing Services)
        -> LocationMatch
    {
        let server = services.plan.servers[Int(request.server)]
        let path = request.uri.span
        services.explanation?.begin("location for \(path.text)")
        let match = services.plan.location(for: path, in: server.locations, services.explanation)
        switch match {
        case .prefix(let index), .final(let index), .matched(let index, _):
            services.explanation?.note("selected: \(services.plan.text(ofLocation: index))")
        case .none, .limitReached:
            services.explanation?.note(
                "no location matches: the settings of "
                    + "\(services.plan.text(ofLocation: server.settings)) apply")
        }
        services.explanation?.end()
        return match
    }
}

extension Plan {
    /// Notes a candidate and what became of it.
    @inline(never)
    func note(_ location: Int32, _ text: String, _ explanation: Explanation) {
        explanation.note("\(self.text(ofLocation: location)): \(text)")
    }

    /// Notes the matching prefixes of a path in a level, up to the longest one, which was found.
    @inline(never)
    func notePrefixes(
        _ found: Int, of prefixes: PlanTable<PrefixLocation>, _ explanation: Explanation
    ) {
        var shorter: [Int32] = []
        var index = Int(prefixes[found].parent)
        while index >= 0 {
            shorter.append(prefixes[index].location)
            index = Int(prefixes[index].parent)
        }
        for location in shorter.reversed() {
            explanation.note("\(text(ofLocation: location)): matches as a prefix")
        }
        let longest = prefixes[found]
        let consequence =
            longest.precedesRegexes ? ", with ^~: regular expressions are skipped" : ""
        explanation.note(
            "\(text(ofLocation: longest.location)): the longest matching prefix\(consequence)")
    }
}

extension Regex.Outcome {
    /// A description for messages.
    var text: String {
        switch self {
        case .match: "matches"
        case .noMatch: "does not match"
        case .limitReached: "exceeds the step limit: 500"
        case .failed(let code): "fails with \(code)"
        }
    }
}
