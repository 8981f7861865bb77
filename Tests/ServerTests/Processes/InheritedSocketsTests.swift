import Foundation
import Linux
import Testing

@testable import Server

/// Listening sockets that a process inherits.
@Suite struct InheritedSocketsTests {
    @Test(
        arguments: [
            ("5;", [5]), ("5;6;17;", [5, 6, 17]), ("5:6;", [-5, 6]), ("", nil), ("5", nil),
            ("1", nil), ("x;", nil), (";", nil), ("5;-6;", nil), ("99999999999;", nil),
            ("5;6", nil),
        ] as [(String, [Int32]?)])
    func formatIsNginxs(text: String, expected: [Int32]?) {
        // Sockets of a service manager are shown as negative numbers here.
        let numbers = InheritedSockets.numbers(in: text)?.map { $0.isLent ? -$0.fd : $0.fd }
        #expect(numbers == expected)
    }

    private func environment(_ values: [String: String]) -> InheritedSockets.Environment {
        InheritedSockets.Environment { values[$0] }
    }

    private func listener(_ path: String) throws -> ListenerSet {
        let listen = ListenPlan(
            address: .unix(path), options: ListenOptions(), servers: 0, particular: [])
        return try ListenerSet.open([listen], workers: 1, keeping: nil, retries: 0)
    }

    @Test(arguments: ["APUS", "NGINX"])
    func masterPassesSockets(variable: String) throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/s"
        let set = try listener(path)
        defer { set.close() }
        let fd = set.sockets(forWorker: 0)[0].descriptor
        #expect(InheritedSockets.text(of: set.all) == "\(fd);")
        let taken = InheritedSockets.adopt(from: environment([variable: "\(fd);"]))
        #expect(taken.predecessor == parentProcess())
        #expect(taken.sockets.map(\.address) == [.unix(path)])
        #expect(taken.sockets.map(\.descriptors) == [[fd]])
        #expect(taken.sockets[0].file != nil && !taken.sockets[0].belongsToManager)
        #expect(taken.warnings.isEmpty && taken.failures.isEmpty)
        let lent = InheritedSockets.adopt(from: environment([variable: "\(fd):"]))
        #expect(lent.sockets[0].belongsToManager && lent.sockets[0].file == nil)
        #expect(InheritedSockets.text(of: lent.sockets) == "\(fd):")
    }

    @Test func invalidDescriptorIsWarning() throws {
        let pipe = try openPipe(readsNonblocking: true)
        defer {
            closeDescriptor(pipe.reads)
            closeDescriptor(pipe.writes)
        }
        for text in ["1", "\(pipe.reads);", "60000;"] {
            let taken = InheritedSockets.adopt(from: environment(["APUS": text]))
            #expect(taken.sockets.isEmpty && taken.predecessor == nil && taken.failures.isEmpty)
            #expect(taken.warnings.count == 1, "\(text)")
        }
    }

    @Test func socketsOfOtherProcessAreIgnored() {
        let values = ["LISTEN_FDS": "3", "LISTEN_PID": "1"]
        let taken = InheritedSockets.adopt(from: environment(values))
        #expect(taken.sockets.isEmpty && taken.failures.isEmpty && taken.warnings.isEmpty)
    }

    @Test(arguments: ["x", "-1", "99999999"])
    func invalidCountIsFailure(count: String) {
        let values = ["LISTEN_FDS": count, "LISTEN_PID": "\(currentProcess())"]
        let taken = InheritedSockets.adopt(from: environment(values))
        #expect(taken.failures == ["LISTEN_FDS is not a number: \"\(count)\""])
    }
}
