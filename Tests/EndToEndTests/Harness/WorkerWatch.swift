import Foundation
import Glibc
import Testing

/// A worker, and its resource usage before hostile clients connect: afterwards it must be the same
/// process, idle, with the same descriptors and memory.
final class WorkerWatch {
    let server: TestServer
    let worker: pid_t
    private let descriptors: Int
    private let dirtyBefore: Int
    /// Connected from the beginning, and served whatever other clients do. When connections run
    /// short, an idle connection may be closed; then it reconnects.
    private var bystander: RawClient

    /// A file for other clients, in every site of these tests.
    static let probe = "/probe.txt"
    static let probeText = "another client gets its response"

    /// The memory in KiB that a worker may retain: its pools hold 32 buffers of 20 KiB for
    /// responses and 32 for requests, and the allocator retains some pages.
    static let keptKiB = 1536

    /// Starts the watch once the worker has processed each of `warmUp` (targets), so that one-time
    /// descriptors and allocations do not count.
    init(_ server: TestServer, warmUp: [String] = []) throws {
        self.server = server
        worker = try server.waitForWorkers(1)[0]
        try server.directory.write(String(Self.probe.dropFirst()), .text(Self.probeText))
        for target in warmUp + [Self.probe, "/no-such-file"] { _ = try server.fetch(target) }
        bystander = try server.connect()
        try bystander.request("GET \(Self.probe) HTTP/1.1")
        _ = try bystander.response()
        descriptors = try Self.descriptors(of: worker)
        dirtyBefore = try privateDirtyKiB(of: worker)
    }

    /// Returns the growth of the worker's memory in KiB.
    func grownKiB() throws -> Int { try privateDirtyKiB(of: worker) - dirtyBefore }

    /// Returns the number of additional descriptors.
    func extraDescriptors() throws -> Int { try Self.descriptors(of: worker) - descriptors }

    /// Counts descriptors without the memory files of compressed variants, which stay when clients
    /// have disconnected.
    private static func descriptors(of worker: pid_t) throws -> Int {
        try openNames(of: worker).count { !$0.hasPrefix("/memfd:apus-gzip") }
    }

    /// Expects that an earlier client and a new one are served.
    func expectOthersAreServed(_ location: SourceLocation = #_sourceLocation) throws {
        if !bystander.isQuiet { bystander = try server.connect() }
        try bystander.request("GET \(Self.probe) HTTP/1.1")
        #expect(try bystander.response().text == Self.probeText, sourceLocation: location)
        let text = try server.fetch(Self.probe).text
        #expect(text == Self.probeText, sourceLocation: location)
    }

    /// Waits until the worker sleeps; fails if it is woken repeatedly or never waits.
    func expectRest(_ location: SourceLocation = #_sourceLocation) throws {
        try waitForRest(of: worker, location)
    }

    /// Runs `body`, which waits for something slow, and expects that the worker slept meanwhile: it
    /// may use a quarter of the time, plus a tenth of a second.
    func expectSleep(
        _ location: SourceLocation = #_sourceLocation, while body: () throws -> Void
    ) throws {
        let start = Date()
        let used = try processorSeconds(of: worker)
        try body()
        let busy = try processorSeconds(of: worker) - used
        let limit = 0.1 + 0.25 * Date().timeIntervalSince(start)
        #expect(busy < limit, "the worker used \(busy) s", sourceLocation: location)
    }

    /// Expects that nothing is left behind: all descriptors are closed, memory has grown by at most
    /// `keptKiB`, the process is the same, and it sleeps.
    func expectUnharmed(
        keptKiB: Int = WorkerWatch.keptKiB, _ location: SourceLocation = #_sourceLocation
    ) throws {
        try expectOthersAreServed(location)
        try waitFor("the descriptors to be closed", location) { try extraDescriptors() <= 0 }
        try expectRest(location)
        let grown = try grownKiB()
        #expect(grown <= keptKiB, "the worker kept \(grown) KiB", sourceLocation: location)
        #expect(server.workers == [worker], sourceLocation: location)
        #expect(!server.errorLog.contains("exited on signal"), sourceLocation: location)
    }
}
