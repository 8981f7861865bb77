import Foundation

/// The engine that tested servers use: `APUS_TEST_ENGINE`, otherwise apus's default.
enum TestEngine {
    static let name = ProcessInfo.processInfo.environment["APUS_TEST_ENGINE"] ?? ""

    /// Adds a `use` line to a configuration without one; for select, also limits the connections.
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
