import Linux

/// Wakes the logger for one worker: only if it sleeps, so that a busy worker makes no system call
/// for its lines. Consists of a word in the worker's ring and a pipe.
///
/// Each worker has its own: with a shared one, a hostile worker could keep the logger from being
/// woken for the lines of others.
struct LogWakeup: BitwiseCopyable {
    /// A word that is 1 while the logger sleeps until it is woken.
    private let words: SharedTable<UInt64>
    private let place: Int
    /// The pipe's write end; -1 in a process that has none.
    let descriptor: Int32

    init(_ words: SharedTable<UInt64>, at place: Int, descriptor: Int32) {
        self.words = words
        self.place = place
        self.descriptor = descriptor
    }

    // MARK: workers

    /// Wakes the logger if it sleeps, after a line was added.
    @inline(__always)
    func wakeIfAsleep() {
        fence()
        if words.acquire(at: place) != 0 { wake() }
    }

    @inline(never)
    private func wake() {
        if words.exchange(0, at: place) != 0 { wakeReader() }
    }

    /// Wakes the logger even out of a pause.
    func wakeReader() { wakePipe(descriptor) }

    // MARK: the logger

    /// Announces that the logger sleeps. It must read the ring once more after this: lines may have
    /// been added in between.
    func announceSleep() {
        words.release(1, at: place)
        fence()
    }

    /// Announces that the logger is awake.
    func announceAwake() { words.release(0, at: place) }
}
