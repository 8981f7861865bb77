import HTTP
import Testing

@testable import Server

/// Loads a configuration from a text, without a file.
func loaded(_ text: String, prefix: String = "/nowhere") -> LoadOutcome {
    ConfigurationLoader.load(
        LoadRequest(path: "/nowhere/apus.conf", text: Array(text.utf8), prefix: prefix))
}

/// Returns the plan of the directives in `http { }`.
func plan(ofHTTP text: String) throws -> Plan {
    let outcome = loaded("events { }\nhttp {\n\(text)\n}\n")
    return try #require(outcome.plan, "\(outcome.report)")
}

/// Returns the plan of one server.
func plan(ofServer text: String) throws -> Plan {
    try plan(ofHTTP: "server { listen 127.0.0.1:80; \(text) }")
}

/// Returns the parts of a worker of a plan, without a listener and without caches.
func services(of plan: Plan) throws -> Services {
    let context = WorkerContext(
        plan: plan, index: 0, listeners: [], errorLogs: [], lifeline: -1, zones: [],
        workerRecord: try WorkerRecords().open())
    return Services(context, Explanation(local: Peer()))
}

extension Plan {
    /// Returns the root of the location that a server selects for a path; each location has another
    /// root in these tests.
    func root(of path: String, server: Int = 0) -> String {
        let server = servers[server]
        switch location(for: Array(path.utf8).span, in: server.locations) {
        case .prefix(let index), .final(let index), .matched(let index, _):
            return locations[Int(index)].root.text
        case .none: return locations[Int(server.settings)].root.text
        case .limitReached: return "limit"
        }
    }

    /// Returns the settings for a path of the first server.
    func settings(of path: String) -> LocationPlan {
        switch location(for: Array(path.utf8).span, in: servers[0].locations) {
        case .prefix(let index), .final(let index), .matched(let index, _):
            return locations[Int(index)]
        case .none, .limitReached: return locations[Int(servers[0].settings)]
        }
    }

    /// Returns the first name of the server that is selected for a host at an address.
    func serverName(of host: String, at address: Int32) -> String {
        let chosen = server(for: Array(host.utf8).span, at: addresses[Int(address)]).server
        return servers[Int(chosen)].name.text
    }
}

extension PlanTable {
    /// Returns the elements as an array, for comparison.
    func map<Value>(_ transform: (Element) -> Value) -> [Value] {
        (0..<count).map { transform(self[$0]) }
    }
}

/// Returns what `body` writes into `capacity` bytes.
func written(_ capacity: Int = 4096, _ body: (inout ByteWriter) -> Void) -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: capacity) { memory, count in
        guard let start = memory.baseAddress else { return }
        var writer = unsafe ByteWriter(unsafe: UnsafeMutableRawPointer(start), capacity: capacity)
        body(&writer)
        count = writer.count
    }
}

/// Returns what `body` writes, as text.
func text(_ body: (inout ByteWriter) -> Void) -> String {
    String(decoding: written(65536, body), as: UTF8.self)
}
