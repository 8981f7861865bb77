import Glibc

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
