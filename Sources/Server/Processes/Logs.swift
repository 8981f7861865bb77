import Linux

/// The logs of a generation: the master's open files, and the rings through which other processes
/// send lines to the logger.
final class Logs {
    let plan: Plan
    /// The number of the generation, from 0.
    let generation: Int
    /// The error logs, the main level's first.
    let errors: [ErrorLog]
    let requests: LogFiles
    /// The user of this generation's workers; nil if the master is not root.
    var identity: Identity?
    /// The restrictions of this generation's processes.
    var sandbox: Sandbox?
    /// The rings; nil without a logger: the only process writes itself.
    let rings: LogRings?

    private init(_ plan: Plan, _ generation: Int, _ rings: LogRings?) {
        self.plan = plan
        self.generation = generation
        self.rings = rings
        errors = plan.errorLogs.map { ErrorLog(targets: $0) }
        requests = LogFiles(paths: plan.logFiles)
    }

    /// Opens the logs of `plan`, all of them or none.
    static func open(_ plan: Plan, generation: Int) throws(GenerationError) -> Logs {
        let rings: LogRings?
        do throws(SystemError) {
            // The last ring is the helper process's.
            let count = plan.main.workerProcesses + 1
            rings = plan.main.usesMasterProcess ? try LogRings(count: count) : nil
        } catch {
            throw GenerationError(lines: [error.description])
        }
        let logs = Logs(plan, generation, rings)
        let all = logs.errors.flatMap(\.failures) + logs.requests.failures
        let failures = all.filter { !plan.defaultLogs.contains($0.path) }
        guard failures.isEmpty else {
            throw GenerationError(lines: failures.map(\.error.description))
        }
        for failure in all {
            logs.errors[0].write(
                .warn, "\(failure.error): continuing without the default log")
        }
        return logs
    }

    /// Reopens the files by their names.
    func reopen() {
        for log in errors { log.reopen() }
        requests.reopen { errors[0].write(.emerg, $0.description) }
    }

    /// Sends lines to the logger through the ring at `index`. Called in a worker or the helper
    /// process.
    func redirect(toRing index: Int) {
        guard let ring = rings?.keepOnlyRing(index) else { return }
        for (index, log) in errors.enumerated() { log.redirect(to: ring, as: index) }
        requests.close()
    }

    /// Closes everything. Called in a process of another generation.
    func closeInherited() {
        for log in errors { log.close() }
        requests.close()
        rings?.closeInherited()
    }
}

/// The access log files of a generation, each file once. The master opens them; the process that
/// writes them inherits the descriptors.
public final class LogFiles {
    /// The files that could not be opened; nothing is written to them.
    public private(set) var failures: [LogFailure] = []
    private var files: [(path: String, descriptor: Int32)] = []

    /// Opens `paths`, creating the files.
    public init(paths: [String]) {
        for path in paths {
            do throws(SystemError) {
                files.append((path, try openForAppending(path).detach()))
            } catch {
                failures.append(LogFailure(path: path, error: error))
                files.append((path, -1))
            }
        }
    }

    deinit { close() }

    /// Transfers ownership of the descriptor of the file at `index`; -1 if it is not open.
    func release(_ index: Int) -> Int32 {
        guard files.indices.contains(index) else { return -1 }
        defer { files[index].descriptor = -1 }
        return files[index].descriptor
    }

    /// Closes all of them, in a process that does not write logs.
    func close() {
        for index in files.indices {
            let descriptor = release(index)
            if descriptor >= 0 { closeDescriptor(descriptor) }
        }
    }

    /// Returns the path of the file at `index`, in quotes, for messages.
    func name(_ index: Int) -> String {
        files.indices.contains(index) ? "\"\(files[index].path)\"" : ""
    }

    /// Reopens the files by their names after they were moved away. If that fails, it is reported,
    /// and the old file stays. Applies to regular files only: the name of a pipe refers to the same
    /// pipe.
    func reopen(_ failed: (SystemError) -> Void) {
        for index in files.indices {
            let old = files[index].descriptor
            if old >= 0, !isReopened(files[index].path, old) { continue }
            do throws(SystemError) {
                let file = try openForAppending(files[index].path)
                files[index].descriptor = file.detach()
                if old >= 0 { closeDescriptor(old) }
            } catch {
                failed(error)
            }
        }
    }
}

/// A log that could not be opened.
public struct LogFailure: Equatable, Sendable {
    /// The path of the log.
    public let path: String
    /// The error of opening it.
    public let error: SystemError
}

/// The rings of a generation: one for each worker and one for the helper process, the pipes that
/// wake the logger, and the pipe whose end shows that all writers have exited. The master creates
/// and keeps them, so that a replaced worker or logger finds them as they were.
///
/// A process that writes into a ring has access to no other: neither its memory nor its pipe.
final class LogRings {
    let rings: [LogRing]

    /// The master's own wake-up of the logger, which workers do not have.
    private let wakes: Descriptor
    private let reopens: Descriptor
    private let ends: Descriptor
    /// Held by all writers, and by the master while it may start more of them.
    private var writers: Descriptor?
    private var memories: [RingMemory]
    /// For each ring, the pipe that wakes the logger.
    private var pipes: [(reads: Int32, writes: Int32)]

    init(count: Int) throws(SystemError) {
        let pipe = try openPipe(readsNonblocking: true)
        ends = Descriptor(owning: pipe.reads)
        writers = Descriptor(owning: pipe.writes)
        wakes = Descriptor(owning: try openEventDescriptor())
        reopens = Descriptor(owning: try openEventDescriptor())
        var pipes: [(reads: Int32, writes: Int32)] = []
        var memories: [RingMemory] = []
        var rings: [LogRing] = []
        do throws(SystemError) {
            for _ in 0..<count {
                let memory = try RingMemory(size: LogRing.size)
                let pipe = try openWakePipe()
                pipes.append(pipe)
                memories.append(memory)
                rings.append(LogRing(in: memory, wakes: pipe.writes))
            }
        } catch {
            LogRings.close(pipes)
            throw error
        }
        self.memories = memories
        self.rings = rings
        self.pipes = pipes
    }

    deinit { LogRings.close(pipes) }

    private static func close(_ pipes: [(reads: Int32, writes: Int32)]) {
        for pipe in pipes {
            for descriptor in [pipe.reads, pipe.writes] where descriptor >= 0 {
                closeDescriptor(descriptor)
            }
        }
    }

    /// Raised by the logger after it has reopened the files; the master waits for it.
    var reopened: Int32 { reopens.number }
    /// A pipe at whose end all writers have exited. Bytes in it are ignored.
    var end: Int32 { ends.number }

    // MARK: the logger and the master

    /// The descriptors that wake the logger: the master's, then the pipe of each ring.
    var wakeDescriptors: [Int32] { [wakes.number] + pipes.map(\.reads) }

    /// Consumes the wake-up at an index of `wakeDescriptors`. Called in the logger.
    func consumeWake(at index: Int) {
        if index == 0 { clearEvent(wakes.number) } else { consumeWakes(pipes[index &- 1].reads) }
    }

    /// Makes the logger check all rings. Called in the master.
    func wakeLogger() { raiseEvent(wakes.number) }

    /// Closes the writers' end, in the logger, and in the master once it starts no more writers.
    func closeWriters() { writers = nil }

    // MARK: other processes

    /// Keeps only ring `index`, in a process that writes into it: lines of other processes are out
    /// of its reach.
    func keepOnlyRing(_ index: Int) -> LogRing {
        memories = [memories[index]]
        let own = pipes[index].writes
        pipes[index].writes = -1
        LogRings.close(pipes)
        pipes = [(reads: -1, writes: own)]
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
        rings[index].takeOver()
        return rings[index]
    }

    /// Closes everything, in a process that uses no ring.
    func closeInherited() {
        closeWriters()
        memories = []
        LogRings.close(pipes)
        pipes = []
        for descriptor in [end, reopened, wakes.number] { closeDescriptor(descriptor) }
    }
}
