import Linux

/// What the master hands to a worker when it forks it.
public struct WorkerContext {
    /// The configuration that this worker serves.
    public let plan: Plan
    /// Which of the workers this is, from 0.
    public let index: Int
    /// The listening sockets, in the order of `plan.listens`.
    public let listeners: [WorkerSocket]
    /// Where errors are written: the plan's error logs, the main level's first.
    public let errorLogs: [ErrorLog]
    /// The way of its lines to the Logger; nil without one.
    var ring: LogRing?
    /// Who writes its requests' lines where there is no Logger.
    var logWriter: LogWriter?
    /// The end of a pipe that reads as end of file when the master has died; -1 without a master.
    public let lifeline: Int32
    /// The memory of limit_req and limit_conn that all workers share: the plan's zones.
    let zones: [Zone]
    /// What all workers are at, and this one's row there; nil if there are more than it has.
    var scoreboard: Scoreboard { seat.scoreboard }
    var scoreboardRow: Int? { seat.row }
    /// What this worker has of the memory that it shares with the master.
    let seat: WorkerSeat
    /// The socket to the Aide; -1 without one.
    var aide: Int32 = -1
    #if DEBUG
        /// Requests may make this worker try what it must not be able to do.
        let allowsBreakIns = environmentValue("APUS_BREAK_IN") != nil
    #endif

    /// Tells the master, if there is one: it reads this process's stderr.
    func tell(_ word: WorkerWord) {
        if lifeline >= 0 { WorkerOutput.say(word) }
    }

    /// The main level's error log.
    var errorLog: ErrorLog { errorLogs[0] }
}
