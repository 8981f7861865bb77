import Foundation
import Glibc
import Testing

/// One worker, and what it had in use before clients did their worst: afterwards it must be the
/// same process, at rest, with the descriptors and the memory that it had.
final class WorkerWatch {
    let server: TestServer
    let worker: pid_t
    private let descriptors: Int
    private let dirtyBefore: Int
    /// Connected from the beginning: it is answered whatever the others do. When connections are
    /// short, one that waits for its next request may give way; then it comes back.
    private var bystander: RawClient

    /// What every site of these tests has for other clients.
    static let probe = "/probe.txt"
    static let probeText = "another client is answered"

    /// What a worker may keep of memory that it once needed, in KiB: its pools hold 32 buffers for
    /// answers of 20 KiB each and 32 for requests, and the allocator keeps some pages.
    static let keptKiB = 1536

    /// Starts the watch once the worker has done each of `warmUp` (targets), so that what it opens
    /// and allocates once is not counted.
    init(_ server: TestServer, warmUp: [String] = []) throws {
        self.server = server
        worker = try server.waitForWorkers(1)[0]
        try server.folder.write(String(Self.probe.dropFirst()), .text(Self.probeText))
        for target in warmUp + [Self.probe, "/no-such-file"] { _ = try server.fetch(target) }
        bystander = try server.connect()
        try bystander.request("GET \(Self.probe) HTTP/1.1")
        _ = try bystander.response()
        descriptors = try Self.descriptors(of: worker)
        dirtyBefore = try privateDirtyKiB(of: worker)
    }

    /// How much more memory the worker has than before, in KiB.
    func grownKiB() throws -> Int { try privateDirtyKiB(of: worker) - dirtyBefore }

    /// Descriptors more than before.
    func extraDescriptors() throws -> Int { try Self.descriptors(of: worker) - descriptors }

    /// Without the memory of what gzip has made, which stays when clients have left.
    private static func descriptors(of worker: pid_t) throws -> Int {
        try openNames(of: worker).count { !$0.hasPrefix("/memfd:apus-gzip") }
    }

    /// A client that was there before and one that comes now are both answered.
    func expectOthersAreServed(_ location: SourceLocation = #_sourceLocation) throws {
        if !bystander.isQuiet { bystander = try server.connect() }
        try bystander.request("GET \(Self.probe) HTTP/1.1")
        #expect(try bystander.response().text == Self.probeText, sourceLocation: location)
        let text = try server.fetch(Self.probe).text
        #expect(text == Self.probeText, sourceLocation: location)
    }

    /// Waits until the worker sleeps: one that is woken again and again, or never waits, fails.
    func expectRest(_ location: SourceLocation = #_sourceLocation) throws {
        try waitForRest(of: worker, location)
    }

    /// Runs `body`, which waits for something that takes its time, and expects that the worker
    /// slept meanwhile: it may use a quarter of the time, and a tenth of a second beside that.
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

    /// Nothing is left behind: everything that the worker opened is closed, its memory is within
    /// `keptKiB` of what it was, it is the process that it was, and it sleeps.
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
