import Linux

/// How workers wake the Logger: only one that sleeps is woken, so that a busy worker makes no call
/// for its lines. Shared memory of a word, and an eventfd.
struct LogBell: BitwiseCopyable {
    /// 1 when the Logger sleeps until it is woken.
    private let sleeps: SharedTable<UInt64>
    /// What the Logger waits for.
    let descriptor: Int32

    init(_ word: SharedTable<UInt64>, descriptor: Int32) {
        sleeps = word
        self.descriptor = descriptor
    }

    // MARK: workers

    /// There is something to be written: wakes the Logger if it sleeps. Whoever finds it asleep
    /// first makes the call.
    @inline(__always)
    func ringIfAsleep() {
        fence()
        if sleeps.acquire(at: 0) != 0 { wake() }
    }

    @inline(never)
    private func wake() {
        if sleeps.exchange(0, at: 0) != 0 { ring() }
    }

    /// Wakes the Logger out of a pause, too.
    func ring() { raiseEvent(descriptor) }

    // MARK: the Logger

    /// From here on it is to be woken. What there is to be written is to be looked for once more
    /// after this: it may have come in between.
    func fallAsleep() {
        sleeps.release(1, at: 0)
        fence()
    }

    /// It is awake.
    func wakeUp() {
        sleeps.release(0, at: 0)
        clearEvent(descriptor)
    }
}
