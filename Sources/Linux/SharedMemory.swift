public import CLinux

/// Zeroed memory that this process shares with the children that it forks: mmap(2). Freed with its
/// last owner in each process.
@safe
public final class SharedMemory {
    private let start: UnsafeMutableRawPointer
    /// The size in bytes.
    public let size: Int

    /// Creates memory of `size` bytes, at least one. The kernel allocates pages when they are
    /// written.
    public init(size: Int) throws(SystemError) {
        self.size = max(1, size)
        var code: Int32 = 0
        guard let memory = unsafe clinux_share_memory(self.size, &code) else {
            throw SystemError("mmap(MAP_ANON|MAP_SHARED, \(size))", code: code)
        }
        unsafe start = memory
    }

    deinit { unsafe clinux_unshare_memory(start, size) }

    /// Returns `count` elements at `offset`, which must lie within the memory and be aligned; valid
    /// as long as the memory is.
    public func table<Element: BitwiseCopyable>(
        of type: Element.Type, at offset: Int, count: Int
    ) -> SharedTable<Element> {
        precondition(offset >= 0 && count >= 0 && offset % MemoryLayout<Element>.alignment == 0)
        precondition(count <= (size &- offset) / MemoryLayout<Element>.stride)
        let first = unsafe (start + offset).bindMemory(to: Element.self, capacity: count)
        return unsafe SharedTable(unsafe: first, count: count)
    }

    /// A lock at the memory's beginning, `SharedLock.size` bytes long. Zeroed memory is a free
    /// lock.
    public var lock: SharedLock { SharedLock(table(of: UInt64.self, at: 0, count: 1)) }
}

/// Memory that this process writes and its children can only read, even with mprotect(2).
@safe
public final class ReadableMemory {
    private let readable: UnsafeMutableRawPointer
    private var writable: UnsafeMutableRawPointer?
    /// The number of elements.
    public let count: Int

    /// Creates `count` numbers, all 0.
    public init(count: Int) throws(SystemError) {
        self.count = max(1, count)
        var code: Int32 = 0
        var memory: UnsafeMutableRawPointer?
        guard let address = unsafe clinux_share_readable(self.count &* 8, &memory, &code) else {
            throw SystemError("mmap(MAP_SHARED, \(self.count &* 8))", code: code)
        }
        unsafe readable = address
        unsafe writable = memory
    }

    deinit {
        makeReadOnly()
        unsafe clinux_unshare_memory(readable, count &* 8)
    }

    /// Drops the right to write. Called in a child.
    public func makeReadOnly() {
        if let memory = unsafe writable { unsafe clinux_unshare_memory(memory, count &* 8) }
        unsafe writable = nil
    }

    /// The number at `index`; setting it does nothing in a process that may only read.
    public subscript(_ index: Int) -> UInt64 {
        get {
            precondition(index >= 0 && index < count)
            return unsafe clinux_acquire(
                readable.assumingMemoryBound(to: UInt64.self) + index)
        }
        set {
            precondition(index >= 0 && index < count)
            guard let memory = unsafe writable else { return }
            unsafe clinux_release(memory.assumingMemoryBound(to: UInt64.self) + index, newValue)
        }
    }
}

/// Elements in shared memory; valid as long as the memory is. Writers hold a lock.
@safe
public struct SharedTable<Element: BitwiseCopyable>: BitwiseCopyable {
    @usableFromInline let start: UnsafeMutablePointer<Element>
    /// The number of elements.
    public let count: Int

    @unsafe
    init(unsafe start: UnsafeMutablePointer<Element>, count: Int) {
        unsafe self.start = start
        self.count = count
    }

    /// The element at `index`, in place; one outside the bounds traps.
    @inlinable
    public subscript(_ index: Int) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < count)
            return unsafe UnsafePointer(start + index)
        }
        @inline(__always)
        nonmutating unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            return unsafe start + index
        }
    }
}

extension SharedTable where Element == UInt64 {
    /// Stores a number that only this process writes, for other processes to read without a lock.
    public func publish(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe clinux_publish(start + index, value)
    }

    /// Stores a number so that readers of it also see all earlier writes (a release store).
    @inlinable
    public func release(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe clinux_release(start + index, value)
    }

    /// Loads a number so that all writes before its store are visible from here on (an acquire
    /// load).
    @inlinable
    public func acquire(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_acquire(start + index)
    }

    /// Stores a number and returns the previous one atomically.
    public func exchange(_ value: UInt64, at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_exchange(start + index, value)
    }

    /// Stores `value` where `expected` is. Returns what was there: `expected` on success.
    func exchange(_ expected: UInt64, for value: UInt64, at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_exchange_if(start + index, expected, value)
    }

    /// Loads the number that was last published.
    public func published(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_published(start + index)
    }
}

/// A lock shared by processes, in memory that any of them may overwrite: one word with the number
/// of its holder.
///
/// Unlike pthread's robust mutex, it has no addresses in that memory. No wait is longer than the
/// caller allows: a holder that has died, is stopped or is hostile loses the lock. Therefore the
/// data that it protects must tolerate changes by two processes at once.
@safe
public struct SharedLock: BitwiseCopyable {
    /// The size in bytes, a cache line.
    public static let size = 64

    /// The number of the holder; 0 if the lock is free.
    public let word: SharedTable<UInt64>

    init(_ word: SharedTable<UInt64>) { self.word = word }

    /// The state of the lock before it was acquired.
    public enum Acquisition {
        /// The lock was free.
        case free
        /// The holder has died: the protected data may be half changed.
        case orphaned
        /// The holder did not release it in time and may still be writing.
        case overdue
    }

    /// The number of attempts without a system call: a holder needs about a microsecond.
    private static let spins = 200
    private static let yields = 50
    /// The number of attempts to take an overdue lock, which fail if others change its word in the
    /// meantime.
    private static let lastAttempts = 100

    /// Acquires the lock for `holder`, a number above 0 that no other process uses. Waits at most
    /// `timeoutMs` milliseconds for a holder that is alive. Returns nil if `timeoutMs` is 0 and
    /// the lock is held, or if it could not be taken from its holder.
    @inline(__always)
    public func acquire(
        as holder: UInt64, timeoutMs: Int64, isAlive: (UInt64) -> Bool
    ) -> Acquisition? {
        if word.exchange(0, for: holder, at: 0) == 0 { return .free }
        return wait(holder, timeoutMs, isAlive)
    }

    @inline(never)
    private func wait(
        _ holder: UInt64, _ timeoutMs: Int64, _ isAlive: (UInt64) -> Bool
    ) -> Acquisition? {
        for _ in 0..<SharedLock.spins {
            if word.exchange(0, for: holder, at: 0) == 0 { return .free }
            clinux_relax()
        }
        let endMs = Clock.monotonicMs() &+ timeoutMs
        var attempts = 0
        var lateAttempts = 0
        while lateAttempts < SharedLock.lastAttempts {
            let other = word.exchange(0, for: holder, at: 0)
            if other == 0 { return .free }
            if other == holder || !isAlive(other) {
                if word.exchange(other, for: holder, at: 0) == other { return .orphaned }
            }
            if Clock.monotonicMs() >= endMs {
                guard timeoutMs > 0 else { return nil }
                if word.exchange(other, for: holder, at: 0) == other { return .overdue }
                lateAttempts &+= 1
            } else if attempts < SharedLock.yields {
                clinux_yield()
            } else {
                pause(milliseconds: 1)
            }
            attempts &+= 1
        }
        return nil
    }

    /// Releases the lock, unless another process has taken it in the meantime.
    @inline(__always)
    public func release(from holder: UInt64) { _ = word.exchange(holder, for: 0, at: 0) }
}

/// Keeps the compiler from moving stores to shared memory across this call, so that their order is
/// preserved whenever this process is killed.
@inline(__always)
public func compilerFence() { clinux_keep_order() }

/// Makes all earlier stores visible to other processes before any later load: a full memory
/// barrier.
@inline(__always)
public func fence() { clinux_fence() }

/// Returns an unpredictable number: getrandom(2).
public func randomNumber() -> UInt64 {
    var number: UInt64 = 0
    unsafe clinux_random(&number, MemoryLayout<UInt64>.size)
    return number
}

/// Zeroed memory of a ring, shared with the children that this process forks: numbers, and bytes
/// that are mapped twice in a row, so that data across the end is contiguous. Freed with its last
/// owner in each process.
///
/// Each ring is a memory object of its own: a process that has unmapped it cannot reach it through
/// another one (mremap(2) can only enlarge what is mapped).
@safe
public final class RingMemory {
    private let start: UnsafeMutableRawPointer
    private let size: Int

    /// Creates a ring of `size` bytes, a power of two of pages. The kernel allocates pages when
    /// they are written.
    public init(size: Int) throws(SystemError) {
        precondition(size >= 65536 && size & (size &- 1) == 0)
        var code: Int32 = 0
        guard let memory = unsafe clinux_share_ring(size, &code) else {
            throw SystemError("mmap() of a log's ring of \(size) bytes", code: code)
        }
        unsafe start = memory
        self.size = size
    }

    deinit { unsafe clinux_unshare_ring(start, size) }

    /// The numbers, one page of them; valid as long as the memory is.
    public var words: SharedTable<UInt64> {
        let count = Int(clinux_page_size()) / 8
        return unsafe SharedTable(
            unsafe: start.bindMemory(to: UInt64.self, capacity: count), count: count)
    }

    /// The bytes; valid as long as the memory is.
    public var bytes: RingBytes {
        unsafe RingBytes(unsafe: start + Int(clinux_page_size()), size: size)
    }
}

/// The bytes of a ring, addressed by positions that only increase; valid as long as the memory is.
@safe
public struct RingBytes: BitwiseCopyable {
    @usableFromInline let start: UnsafeMutableRawPointer
    /// The size in bytes, a power of two.
    public let size: Int

    @unsafe
    init(unsafe start: UnsafeMutableRawPointer, size: Int) {
        unsafe self.start = start
        self.size = size
    }

    @inlinable
    func place(_ position: UInt64, _ count: Int) -> UnsafeMutableRawPointer {
        precondition(count >= 0 && count <= size)
        return unsafe start + Int(position & UInt64(size &- 1))
    }

    /// Returns `count` bytes from `position` on.
    @inlinable
    @_lifetime(borrow self)
    public func span(at position: UInt64, count: Int) -> Span<UInt8> {
        let memory = unsafe UnsafeRawBufferPointer(start: place(position, count), count: count)
        let span = unsafe Span<UInt8>(_unsafeBytes: memory)
        return unsafe _overrideLifetime(span, borrowing: self)
    }

    /// Copies at most `size` bytes to `position`.
    @inlinable
    public func write(_ bytes: Span<UInt8>, at position: UInt64) {
        let target = unsafe place(position, bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            guard let origin = source.baseAddress else { return }
            unsafe target.copyMemory(from: origin, byteCount: source.count)
        }
    }

    /// Stores a number at a position that is a multiple of 8.
    @inlinable
    public func store(_ number: UInt64, at position: UInt64) {
        unsafe place(position & ~7, 8).storeBytes(of: number, as: UInt64.self)
    }

    /// Reads the number at a position that is a multiple of 8 once, so that later changes of the
    /// memory have no effect on the result.
    public func loadNumber(at position: UInt64) -> UInt64 {
        unsafe clinux_published(place(position & ~7, 8).assumingMemoryBound(to: UInt64.self))
    }
}

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
