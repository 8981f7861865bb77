public import CLinux

/// A process's report of what it is doing, in shared memory, for those who investigate when it
/// hangs or dies. Only the process itself writes, without locks and system calls. Valid as long as
/// the memory is.
@frozen
@safe
public struct Activity: BitwiseCopyable {
    @usableFromInline let place: UnsafeMutablePointer<clinux_activity>

    @unsafe
    init(unsafe place: UnsafeMutablePointer<clinux_activity>) { unsafe self.place = place }

    /// The size of one report in bytes.
    public static var size: Int { MemoryLayout<clinux_activity>.stride }

    /// Records that work on a request begins, with a description; text that does not fit is cut
    /// off.
    @inlinable
    public func beginWork(_ text: Span<UInt8>, nowMs: Int64) {
        unsafe text.withUnsafeBytes {
            guard let start = $0.baseAddress else { return }
            unsafe clinux_activity_begin(place, start, $0.count, UInt64(bitPattern: nowMs))
        }
    }

    /// Records that the work is finished.
    @inlinable
    public func endWork() {
        unsafe place.pointee.state = UInt64(clinux_activity_over.rawValue)
    }

    /// Whether work is in progress.
    @inlinable
    public var isBusy: Bool {
        unsafe place.pointee.state == UInt64(clinux_activity_in_hand.rawValue)
    }

    /// Records that the event loop is about to wait for events.
    @inlinable
    public func willWait() { unsafe clinux_publish(&place.pointee.waits, 1) }

    /// Records that the event loop has events: an iteration begins.
    @inlinable
    public func beginIteration() {
        unsafe clinux_publish(&place.pointee.turns, place.pointee.turns &+ 1)
        unsafe clinux_publish(&place.pointee.waits, 0)
    }

    /// Clears the report for the next process that writes here.
    public func clear() { unsafe place.pointee = clinux_activity() }

    /// A copy of a report.
    public struct Snapshot: Equatable, Sendable {
        /// The number of iterations of its event loop.
        public var iterations: UInt64 = 0
        /// True if its event loop waits for events.
        public var isWaiting = false
        /// True if the work that `text` describes is in progress; otherwise it was the last.
        public var isBusy = false
        /// The description of the work; empty if there was none.
        public var text: [UInt8] = []

        /// Creates an empty snapshot.
        public init() {}
    }

    /// A snapshot of the report. While the process runs, its parts may be from different moments.
    public var snapshot: Snapshot {
        var snapshot = Snapshot()
        snapshot.iterations = unsafe clinux_published(&place.pointee.turns)
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
    /// Returns the report at `offset`, which must be a multiple of 8; valid as long as the memory
    /// is.
    public func activity(at offset: Int) -> Activity {
        let table = table(of: clinux_activity.self, at: offset, count: 1)
        return unsafe Activity(unsafe: table.start)
    }
}
