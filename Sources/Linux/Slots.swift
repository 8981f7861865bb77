import Glibc

/// The place of a connection in the tables of a worker.
public struct Slot: BitwiseCopyable, Equatable, Sendable {
    /// The index in the tables.
    public let index: Int

    /// Creates the slot with an index.
    @inlinable @inline(__always)
    public init(_ index: Int) { self.index = index }

    /// Creates the slot of a link in a list.
    @inlinable @inline(__always)
    public init(link: UInt32) { index = Int(link) &- 1 }

    /// The slot as a link in a list: its index plus one, so that 0 is none.
    @inlinable @inline(__always)
    public var link: UInt32 { UInt32(truncatingIfNeeded: index) &+ 1 }
}

/// A table with one element per connection, in zeroed memory.
public struct SlotTable<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var elements: ZeroedStorage<Element>

    /// Creates a table of `count` elements, whose all-zero bytes are a valid value.
    public init(count: Int) { elements = ZeroedStorage(count: count) }

    /// The number of elements.
    public var count: Int { elements.count }
    /// All slots, used or not.
    public var slots: some Sequence<Slot> { (0..<elements.count).lazy.map { Slot($0) } }

    /// The element of a connection, in place.
    @inlinable
    public subscript(_ slot: Slot) -> Element {
        @inline(__always)
        unsafeAddress { unsafe elements.address(of: slot.index) }
        @inline(__always)
        unsafeMutableAddress { unsafe elements.mutableAddress(of: slot.index) }
    }
}

/// A list of slots of a table, in the order in which they were appended. Its links are stored in
/// ``SlotLinks``, so that a slot is appended, unlinked and found in constant time.
public struct SlotList: Equatable, Sendable {
    /// The slot that was appended first; nil if the list is empty.
    public fileprivate(set) var first: Int?
    fileprivate var last: Int?
    /// The number of slots in the list.
    public fileprivate(set) var count = 0

    /// Creates an empty list.
    public init() {}

    /// True if the list has no slots.
    public var isEmpty: Bool { count == 0 }
}

/// The links of the ``SlotList``s over one table. An element is in one of them at most. The memory
/// grows with the highest element that was ever linked.
public struct SlotLinks {
    private struct Entry {
        var next: Int32 = -1
        var previous: Int32 = -1
        var isLinked = false
    }

    private var entries: [Entry] = []

    /// Creates links for empty lists.
    public init() {}

    /// True if `element` is in a list.
    public func contains(_ element: Int) -> Bool {
        entries.indices.contains(element) && entries[element].isLinked
    }

    /// Returns the element that follows `element` in its list; nil at the end.
    public func next(after element: Int) -> Int? {
        guard contains(element), entries[element].next >= 0 else { return nil }
        return Int(entries[element].next)
    }

    /// Appends `element`, which must be in no list.
    public mutating func append(_ element: Int, to list: inout SlotList) {
        link(element, after: list.last, before: nil, of: &list)
    }

    /// Inserts `element`, which must be in no list, at the front.
    public mutating func prepend(_ element: Int, to list: inout SlotList) {
        link(element, after: nil, before: list.first, of: &list)
    }

    /// Unlinks `element` from `list`, which must be its list; does nothing if it is in none.
    public mutating func remove(_ element: Int, from list: inout SlotList) {
        guard contains(element) else { return }
        let (next, previous) = (entries[element].next, entries[element].previous)
        if previous >= 0 {
            entries[Int(previous)].next = next
        } else {
            list.first = next >= 0 ? Int(next) : nil
        }
        if next >= 0 {
            entries[Int(next)].previous = previous
        } else {
            list.last = previous >= 0 ? Int(previous) : nil
        }
        list.count &-= 1
        entries[element] = Entry()
    }

    /// Unlinks the first element of `list` and returns it; nil if there is none.
    public mutating func popFirst(of list: inout SlotList) -> Int? {
        guard let first = list.first else { return nil }
        remove(first, from: &list)
        return first
    }

    private mutating func link(
        _ element: Int, after previous: Int?, before next: Int?, of list: inout SlotList
    ) {
        precondition(element >= 0 && !contains(element), "an element is in one list at most")
        while entries.count <= element { entries.append(Entry()) }
        entries[element] = Entry(
            next: Int32(truncatingIfNeeded: next ?? -1),
            previous: Int32(truncatingIfNeeded: previous ?? -1), isLinked: true)
        let link = Int32(truncatingIfNeeded: element)
        if let previous { entries[previous].next = link } else { list.first = element }
        if let next { entries[next].previous = link } else { list.last = element }
        list.count &+= 1
    }
}

/// The free slots of a table. The one that was released last is acquired first: its memory is in
/// the processor's cache.
public struct FreeList: ~Copyable {
    @usableFromInline var next: ZeroedStorage<UInt32>
    /// The next free slot plus one; 0 if only slots that were never used are free.
    @usableFromInline var first: UInt32 = 0
    /// The first slot that was never used.
    @usableFromInline var neverUsed = 0

    /// Creates a list of `count` free slots.
    public init(count: Int) { next = ZeroedStorage(count: count) }

    /// All slots that were ever used are below this one.
    public var end: Int { neverUsed }

    /// Returns a free slot; nil if all are in use.
    @inlinable
    public mutating func acquire() -> Int? {
        if first != 0 {
            let slot = Int(first) &- 1
            first = next[slot]
            return slot
        }
        guard neverUsed < next.count else { return nil }
        neverUsed &+= 1
        return neverUsed &- 1
    }

    /// Makes a slot free again.
    @inlinable
    public mutating func release(_ index: Int) {
        next[index] = first
        first = UInt32(truncatingIfNeeded: index) &+ 1
    }
}

/// A fixed number of elements in zeroed memory, which the kernel allocates page by page when it is
/// written: a table for a hundred thousand connections costs as much as the connections in use.
///
/// A subscript outside the bounds traps: an index never comes from a client.
@safe
public struct ZeroedStorage<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline let start: UnsafeMutablePointer<Element>
    /// The number of elements.
    public let count: Int

    /// Creates storage for `count` elements whose all-zero bytes are a valid value of `Element`.
    public init(count: Int) {
        let size = max(1, count)
        guard
            let memory = unsafe calloc(size, MemoryLayout<Element>.stride)
        else {
            fatalError("out of memory: \(size) elements of \(MemoryLayout<Element>.stride) bytes")
        }
        unsafe start = memory.bindMemory(to: Element.self, capacity: size)
        self.count = count
    }

    deinit { unsafe free(start) }

    /// The element at `index`, in place.
    @inlinable
    public subscript(_ index: Int) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < count)
            return unsafe UnsafePointer(start + index)
        }
        @inline(__always)
        unsafeMutableAddress {
            precondition(index >= 0 && index < count)
            return unsafe start + index
        }
    }

    /// Returns the address of the element at `index`, for access in place.
    @unsafe @inlinable @inline(__always)
    public func address(of index: Int) -> UnsafePointer<Element> {
        precondition(index >= 0 && index < count)
        return unsafe UnsafePointer(start + index)
    }

    /// Returns the mutable address of the element at `index`.
    @unsafe @inlinable @inline(__always)
    public mutating func mutableAddress(of index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count)
        return unsafe start + index
    }
}

/// The FNV-1a hash of 64 bits, for checksums and for tables that no client can fill.
@frozen
public struct FNV1a: BitwiseCopyable, Sendable {
    @usableFromInline var hash: UInt64

    /// The hash of everything added so far.
    @inlinable
    public var value: UInt64 { hash }

    /// Creates the hash of nothing.
    @inlinable @inline(__always)
    public init() { hash = 0xCBF2_9CE4_8422_2325 }

    /// Adds a byte, or a larger number at once.
    @inlinable @inline(__always)
    public mutating func add(_ number: UInt64) { hash = (hash ^ number) &* 0x100_0000_01B3 }
}
