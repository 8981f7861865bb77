import Linux

/// Everything that a worker inherits from the master when it is forked.
public struct WorkerContext {
    /// The configuration that this worker serves.
    public let plan: Plan
    /// The index of the worker, from 0.
    public let index: Int
    /// The listening sockets, in the order of `plan.listens`.
    public let listeners: [WorkerSocket]
    /// The plan's error logs, the main level's first.
    public let errorLogs: [ErrorLog]
    /// The ring for its lines to the logger; nil without one.
    var ring: LogRing?
    /// The writer of access log lines if there is no logger.
    var logWriter: LogWriter?
    /// The read end of a pipe that reaches its end when the master has died; -1 without a master.
    public let lifeline: Int32
    /// The plan's zones of limit_req and limit_conn, in memory that all workers share.
    let zones: [Zone]
    /// The counters of all workers.
    var scoreboard: Scoreboard { workerRecord.scoreboard }
    var scoreboardRow: Int? { workerRecord.row }
    /// The worker's share of the memory that it has in common with the master.
    let workerRecord: WorkerRecord
    /// The socket to the helper process; -1 without one.
    var helper: Int32 = -1
    #if DEBUG
        /// True if requests may make this worker try what the sandbox must prevent.
        let allowsSandboxProbes = environmentValue("APUS_BREAK_IN") != nil
    #endif

    /// Sends a status to the master, if there is one: it reads this process's stderr.
    func notifyMaster(_ word: WorkerStatus) {
        if lifeline >= 0 { WorkerOutput.notifyMaster(word) }
    }

    /// The main level's error log.
    var errorLog: ErrorLog { errorLogs[0] }
}
