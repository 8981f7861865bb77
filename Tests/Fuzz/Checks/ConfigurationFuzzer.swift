import Configuration
import HTTP

@testable import Server

/// A configuration from its text to the plan, with apus's own directives, and lookups in that plan
/// as requests make them.
enum ConfigurationFuzzer {
    private static let path = "/nowhere/apus.conf"
    private static let rawBlocks = DirectiveList.table.rawBlockNames

    static func fuzz(_ bytes: Span<UInt8>) throws {
        let text = bytes.array
        let parsed = parse(
            main: path, rawBlocks: rawBlocks, load: { load($0, text) },
            glob: { _ in ["itself", "locations"] })
        var paths = Paths()
        paths.prefix = "/nowhere"
        paths.configurationDirectory = "/nowhere"
        var draft = Draft(paths: paths)
        var diagnostics = parsed.diagnostics
        diagnostics += Interpreter(DirectiveList.table).interpret(parsed.tree, into: &draft)
        var plan: Plan?
        if !diagnostics.contains(where: { $0.severity == .error }) {
            let compiled = PlanCompiler.compile(draft)
            diagnostics += compiled.diagnostics
            plan = compiled.plan
        }
        try require(
            (plan == nil) == diagnostics.contains { $0.severity == .error },
            "a plan with errors, or none without")
        for diagnostic in diagnostics { try check(diagnostic, in: parsed.sources) }
        // Writing all of them would dominate the run time.
        for diagnostic in diagnostics.prefix(8) { try checkText(diagnostic, in: parsed.sources) }
        if let plan {
            try search(plan)
            try lookUp(plan)
        }
    }

    /// Returns the files of this configuration, without touching the disk.
    private static func load(_ path: String, _ text: [UInt8]) -> Result<LoadedFile, LoadFailure> {
        switch path {
        case Self.path, "itself": return .success(LoadedFile(name: Self.path, bytes: text))
        case "locations":
            let other = Array("location /included { root \"a b\"; }".utf8)
            return .success(LoadedFile(name: path, bytes: other))
        default: return .failure(LoadFailure("No such file or directory"))
        }
    }

    private static func check(_ diagnostic: Diagnostic, in sources: Sources) throws {
        try require(!diagnostic.message.isEmpty, "an error that says nothing")
        let places = [diagnostic.place].compactMap { $0 } + diagnostic.related.map(\.place)
        for place in places {
            try require(sources.position(of: place) != nil, "\(place) is nowhere")
            try require(
                place.offset >= 0 && place.offset <= sources.files[place.source].bytes.count,
                "\(place) is outside of its file")
        }
    }

    private static func checkText(_ diagnostic: Diagnostic, in sources: Sources) throws {
        let text = diagnostic.render(in: sources)
        try require(
            text.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0A || $0 == 0x09 },
            "a terminal would act on: \(text)")
    }

    /// Selects servers and locations as requests do.
    private static func search(_ plan: Plan) throws {
        for index in 0..<plan.addresses.count {
            for host in ["", "a", "www.example.com", "example.org.", ".", "[::1]"] {
                let name = Array(host.utf8)
                let server = plan.server(for: name.span, at: plan.addresses[index]).server
                try require(server >= 0 && Int(server) < plan.servers.count, "no server \(server)")
            }
        }
        for index in 0..<plan.servers.count {
            let server = plan.servers[index]
            try require(
                server.limits.requestLine > 0 && server.limits.fieldLine > 0
                    && server.limits.head > 0 && server.headerBufferSize > 0,
                "a server that takes no request: \(server.limits)")
            for path in ["/", "/a", "/a/b.gif", "/included/x", "//", "/\u{E9}"] {
                switch plan.location(for: Array(path.utf8).span, in: server.locations) {
                case .prefix(let location), .final(let location), .matched(let location, _):
                    try require(Int(location) < plan.locations.count, "no location \(location)")
                case .none, .limitReached: break
                }
            }
        }
        for index in 0..<plan.locations.count {
            let location = plan.locations[index]
            try require(plan.types.indices.contains(Int(location.types)), "no types")
            try require(Int(location.gzip) < plan.gzips.count, "no gzip")
            try require(plan.errorLogs.indices.contains(Int(location.errorLog)), "no error log")
            let timeouts = location.timeouts
            for list in [timeouts.header, timeouts.body, timeouts.send, timeouts.keepalive] {
                try require(plan.durationsMs.indices.contains(Int(list)), "no list \(list)")
            }
        }
    }

    /// Looks up values in maps, networks and percentages as requests do.
    private static func lookUp(_ plan: Plan) throws {
        for text in ["", "a", "www.example.com.", ".", "10.0.0.1", "::1", "\u{E9}"] {
            let value = Array(text.utf8)
            for index in 0..<plan.maps.count {
                let map = plan.maps[index]
                switch plan.outcome(of: value.span, in: map) {
                case .result(let result), .matched(let result, _):
                    try require(Int(result) < map.results.count, "no result \(result)")
                case .failed(let row):
                    try require(Int(row) < map.table.regexes.count, "no row \(row)")
                case .none: try require(Int(map.fallback) < map.results.count, "no default")
                }
            }
            for index in 0..<plan.geos.count {
                let geo = plan.geos[index]
                let found = geo.table.value(of: AddressText.address(value.span))
                try require(Int(found ?? -1) < geo.values.count, "no value")
            }
            for index in 0..<plan.splits.count {
                _ = plan.splits[index].table.value(of: value.span)
            }
        }
    }
}
