import CLinux

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
    /// `patienceMs` milliseconds for a holder that is alive. Returns nil if `patienceMs` is 0 and
    /// the lock is held, or if it could not be taken from its holder.
    @inline(__always)
    public func acquire(
        as holder: UInt64, patienceMs: Int64, isAlive: (UInt64) -> Bool
    ) -> Acquisition? {
        if word.exchange(0, for: holder, at: 0) == 0 { return .free }
        return wait(holder, patienceMs, isAlive)
    }

    @inline(never)
    private func wait(
        _ holder: UInt64, _ patienceMs: Int64, _ isAlive: (UInt64) -> Bool
    ) -> Acquisition? {
        for _ in 0..<SharedLock.spins {
            if word.exchange(0, for: holder, at: 0) == 0 { return .free }
            clinux_relax()
        }
        let endMs = Clock.monotonicMs() &+ patienceMs
        var attempts = 0
        var lateAttempts = 0
        while lateAttempts < SharedLock.lastAttempts {
            let other = word.exchange(0, for: holder, at: 0)
            if other == 0 { return .free }
            if other == holder || !isAlive(other) {
                if word.exchange(other, for: holder, at: 0) == other { return .orphaned }
            }
            if Clock.monotonicMs() >= endMs {
                guard patienceMs > 0 else { return nil }
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
