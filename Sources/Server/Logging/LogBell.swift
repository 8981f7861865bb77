import Linux

/// The bell by which one worker wakes the Logger: only one that sleeps is woken, so that a busy
/// worker makes no call for its lines. A word in the worker's ring, and a pipe.
///
/// Each worker has its own: with a shared one, a hostile worker could keep the Logger from being
/// woken for the lines of others.
struct LogBell: BitwiseCopyable {
    /// 1 if the Logger sleeps until it is woken.
    private let words: SharedTable<UInt64>
    private let place: Int
    /// The pipe's end that the worker writes to; -1 in a process that has none.
    let descriptor: Int32

    init(_ words: SharedTable<UInt64>, at place: Int, descriptor: Int32) {
        self.words = words
        self.place = place
        self.descriptor = descriptor
    }

    // MARK: workers

    /// There is something to be written: wakes the Logger if it sleeps.
    @inline(__always)
    func ringIfAsleep() {
        fence()
        if words.acquire(at: place) != 0 { wake() }
    }

    @inline(never)
    private func wake() {
        if words.exchange(0, at: place) != 0 { ring() }
    }

    /// Wakes the Logger out of a pause, too.
    func ring() { wakeReader(descriptor) }

    // MARK: the Logger

    /// From here on the Logger is to be woken. The ring is to be read once more after this: lines
    /// may have been added in between.
    func fallAsleep() {
        words.release(1, at: place)
        fence()
    }

    /// The Logger is awake.
    func wakeUp() { words.release(0, at: place) }
}
