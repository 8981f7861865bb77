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
