import Glibc

/// A fixed number of elements in memory that starts as zeros and that the kernel backs with pages
/// only where it was written: a table for a hundred thousand connections costs what the used ones
/// cost.
///
/// A subscript outside the bounds traps: an index never comes from a client.
@safe
public struct ZeroedStorage<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline let start: UnsafeMutablePointer<Element>
    /// The number of elements.
    public let count: Int

    /// Storage for `count` elements whose all-zero bytes are a valid value of `Element`.
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

    /// Where the element at `index` is, for those who give it on in place.
    @unsafe @inlinable @inline(__always)
    public func address(of index: Int) -> UnsafePointer<Element> {
        precondition(index >= 0 && index < count)
        return unsafe UnsafePointer(start + index)
    }

    /// Where the element at `index` is, to be changed.
    @unsafe @inlinable @inline(__always)
    public mutating func mutableAddress(of index: Int) -> UnsafeMutablePointer<Element> {
        precondition(index >= 0 && index < count)
        return unsafe start + index
    }
}
