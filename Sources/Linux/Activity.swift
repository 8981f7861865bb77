public import CLinux

/// What a process is doing, in memory that it shares with those who look when it hangs or has died.
/// It alone writes, without a lock and without a system call; valid as long as the memory is.
@frozen
@safe
public struct Activity: BitwiseCopyable {
    @usableFromInline let place: UnsafeMutablePointer<clinux_activity>

    @unsafe
    init(unsafe place: UnsafeMutablePointer<clinux_activity>) { unsafe self.place = place }

    /// How many bytes one takes.
    public static var size: Int { MemoryLayout<clinux_activity>.stride }

    /// Some work begins, with what it is about; what there is no room for is cut off.
    @inlinable
    public func begin(_ text: Span<UInt8>, nowMs: Int64) {
        unsafe text.withUnsafeBytes {
            guard let start = $0.baseAddress else { return }
            unsafe clinux_activity_begin(place, start, $0.count, UInt64(bitPattern: nowMs))
        }
    }

    /// The work that was begun is done.
    @inlinable
    public func end() {
        unsafe place.pointee.state = UInt64(clinux_activity_over.rawValue)
    }

    /// Whether work is in hand.
    @inlinable
    public var isBusy: Bool {
        unsafe place.pointee.state == UInt64(clinux_activity_in_hand.rawValue)
    }

    /// The loop is about to wait for events.
    @inlinable
    public func willWait() { unsafe clinux_publish(&place.pointee.waits, 1) }

    /// The loop has events: a turn begins.
    @inlinable
    public func turn() {
        unsafe clinux_publish(&place.pointee.turns, place.pointee.turns &+ 1)
        unsafe clinux_publish(&place.pointee.waits, 0)
    }

    /// Forgets everything, for the next process that writes here.
    public func clear() { unsafe place.pointee = clinux_activity() }

    /// Of what there is to see of a process.
    public struct Snapshot: Equatable, Sendable {
        /// How often its loop has turned.
        public var turns: UInt64 = 0
        /// Its loop waits for events.
        public var isWaiting = false
        /// What `text` is about is in hand; else it was the last.
        public var isBusy = false
        /// What the work is about; empty when there was none.
        public var text: [UInt8] = []

        /// Nothing yet.
        public init() {}
    }

    /// What there is to see now. Of a process that goes on, the parts may be of different moments.
    public var snapshot: Snapshot {
        var snapshot = Snapshot()
        snapshot.turns = unsafe clinux_published(&place.pointee.turns)
        snapshot.isWaiting = unsafe clinux_published(&place.pointee.waits) != 0
        snapshot.isBusy =
            unsafe clinux_published(&place.pointee.state)
            == UInt64(clinux_activity_in_hand.rawValue)
        let count = unsafe min(
            Int(clamping: clinux_published(&place.pointee.count)), Int(clinux_activity_text))
        snapshot.text = unsafe withUnsafeBytes(of: &place.pointee.text) {
            unsafe Array(UnsafeRawBufferPointer(rebasing: $0[..<count]))
        }
        return snapshot
    }
}

extension SharedMemory {
    /// The activity at `offset`, which must be a multiple of 8; valid as long as the memory is.
    public func activity(at offset: Int) -> Activity {
        let table = table(of: clinux_activity.self, at: offset, count: 1)
        return unsafe Activity(unsafe: table.start)
    }
}
