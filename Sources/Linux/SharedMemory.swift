import CLinux

/// Zeroed memory that this process shares with the children that it forks: mmap(2). It goes with
/// its last owner in each process.
@safe
public final class SharedMemory {
    private let start: UnsafeMutableRawPointer
    /// How many bytes it has.
    public let size: Int

    /// `size` bytes, at least one. The kernel backs them where they are written.
    public init(size: Int) throws(SystemError) {
        self.size = max(1, size)
        var code: Int32 = 0
        guard let memory = unsafe clinux_share_memory(self.size, &code) else {
            throw SystemError("mmap(MAP_ANON|MAP_SHARED, \(size))", code: code)
        }
        unsafe start = memory
    }

    deinit { unsafe clinux_unshare_memory(start, size) }

    /// `count` elements at `offset`, which must lie within the memory and be aligned; valid as long
    /// as the memory is.
    public func table<Element: BitwiseCopyable>(
        of type: Element.Type, at offset: Int, count: Int
    ) -> SharedTable<Element> {
        precondition(offset >= 0 && count >= 0 && offset % MemoryLayout<Element>.alignment == 0)
        precondition(count <= (size &- offset) / MemoryLayout<Element>.stride)
        let first = unsafe (start + offset).bindMemory(to: Element.self, capacity: count)
        return unsafe SharedTable(unsafe: first, count: count)
    }

    /// A lock at the memory's beginning, `SharedLock.size` bytes long.
    public func makeLock() throws(SystemError) -> SharedLock {
        precondition(size >= SharedLock.size)
        let code = unsafe clinux_lock_create(start)
        guard code == 0 else { throw SystemError("pthread_mutex_init()", code: code) }
        return unsafe SharedLock(unsafe: start)
    }
}

/// Elements in shared memory; valid as long as the memory is. Who changes them holds a lock.
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
    /// Lets other processes see a number that this one alone writes, without a lock.
    public func publish(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe clinux_publish(start + index, value)
    }

    /// Lets other processes see a number and all that was written before it.
    @inlinable
    public func release(_ value: UInt64, at index: Int) {
        precondition(index >= 0 && index < count)
        unsafe clinux_release(start + index, value)
    }

    /// What was last released there: what was written before it is seen from here on.
    @inlinable
    public func acquire(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_acquire(start + index)
    }

    /// Stores a number; the one that was there, which no other process is given too.
    public func exchange(_ value: UInt64, at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_exchange(start + index, value)
    }

    /// What was last published there.
    public func published(at index: Int) -> UInt64 {
        precondition(index >= 0 && index < count)
        return unsafe clinux_published(start + index)
    }
}

/// A lock that processes share: a robust mutex, which the death of its holder, at whatever
/// instruction, hands to the next one (pthread_mutexattr_setrobust(3)).
@safe
public struct SharedLock: BitwiseCopyable {
    /// How many bytes it takes.
    public static let size = clinux_lock_size

    private let address: UnsafeMutableRawPointer

    @unsafe
    init(unsafe address: UnsafeMutableRawPointer) { unsafe self.address = address }

    /// Runs `body` while the lock is held, for no longer than `timeoutMs` waited for (-1: as long
    /// as it takes); nil when it was not to be had. When a holder has died, `repair` runs first: it
    /// puts in order what may be half done. Neither may take the lock again.
    public func withLock<Value>(
        timeoutMs: Int32 = -1, repair: () -> Void, _ body: () -> Value
    ) -> Value? {
        let taken = unsafe clinux_lock_take(address, timeoutMs)
        guard taken >= 0 else { return nil }
        if taken == Int32(clinux_lock_was_orphaned.rawValue) {
            repair()
            unsafe clinux_lock_repaired(address)
        }
        defer { unsafe clinux_lock_give(address) }
        return body()
    }
}

/// What was stored in shared memory before this is there before what is stored after it, whenever
/// this process is killed.
@inline(__always)
public func keepOrder() { clinux_keep_order() }

/// What was stored in shared memory before this is seen by other processes before what is read
/// after it is read.
@inline(__always)
public func fence() { clinux_fence() }

/// A number that nobody can guess: getrandom(2).
public func randomNumber() -> UInt64 {
    var number: UInt64 = 0
    unsafe clinux_random(&number, MemoryLayout<UInt64>.size)
    return number
}
