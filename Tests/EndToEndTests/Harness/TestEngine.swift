import Foundation

/// The engine that the servers of the tests wait with: `APUS_TEST_ENGINE`, else apus's own choice.
enum TestEngine {
    static let name = ProcessInfo.processInfo.environment["APUS_TEST_ENGINE"] ?? ""

    /// The configuration with a `use` line, where it has none; with select also with no more
    /// connections than that takes.
    static func apply(to configuration: String) -> String {
        guard !name.isEmpty, Product.isApus, let events = configuration.range(of: "events {"),
            !configuration.contains(#/\buse /#)
        else { return configuration }
        let text = configuration.replacingCharacters(in: events, with: "events { use \(name);")
        guard name == "select" else { return text }
        return text.replacing(#/worker_connections +(\d+);/#) { match in
            "worker_connections \(min(Int(match.output.1) ?? 512, 1024));"
        }
    }
}
