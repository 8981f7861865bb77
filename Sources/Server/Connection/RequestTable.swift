import Glibc

/// The requests of a worker, in zeroed memory that the kernel allocates page by page when it is
/// written.
///
/// An element is accessed in place, so that a function can receive a request `inout` together with
/// the worker. A request must not be accessed through the table while a caller has it `inout`.
@safe
struct RequestTable {
    private let start: UnsafeMutablePointer<Request>
    private let count: Int

    /// Allocates `count` requests. All-zero bytes are a valid request, whose references are nil; it
    /// is reset before use.
    init(count: Int) {
        self.count = max(1, count)
        guard let memory = unsafe calloc(self.count, MemoryLayout<Request>.stride) else {
            fatalError("out of memory: \(self.count) requests")
        }
        unsafe start = memory.bindMemory(to: Request.self, capacity: self.count)
    }

    /// Frees the memory; the table must not be used again.
    func free() { unsafe Glibc.free(start) }

    subscript(index: Int) -> Request {
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
