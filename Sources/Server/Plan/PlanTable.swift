import HTTP

/// The memory of a plan: filled while the configuration is compiled, then only read, and freed with
/// the plan. It returns plain pointers, so that reading a setting costs no reference counting.
@safe
final class Arena {
    private var blocks: [UnsafeMutableRawPointer]
    private var next: UnsafeMutableRawPointer
    private var room = 0

    init() {
        unsafe next = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: 16)
        unsafe blocks = [next]
    }

    deinit { unsafe blocks.forEach { unsafe $0.deallocate() } }

    /// Copies bytes into the arena.
    func store(_ bytes: [UInt8]) -> PlanBytes {
        let table = store(elements: bytes)
        return unsafe PlanBytes(unsafe: table.start, count: bytes.count)
    }

    /// Copies a text into the arena.
    func store(_ text: String) -> PlanBytes { store(Array(text.utf8)) }

    /// Copies elements into the arena.
    func store<Element: BitwiseCopyable>(elements: [Element]) -> PlanTable<Element> {
        let size = elements.count &* MemoryLayout<Element>.stride
        let memory = unsafe allocate(max(size, 1), alignment: MemoryLayout<Element>.alignment)
        let start = unsafe memory.bindMemory(to: Element.self, capacity: max(elements.count, 1))
        for index in elements.indices { unsafe (start + index).initialize(to: elements[index]) }
        return unsafe PlanTable(unsafe: start, count: elements.count)
    }

    private func allocate(_ size: Int, alignment: Int) -> UnsafeMutableRawPointer {
        let padding = unsafe (0 &- Int(bitPattern: next)) & (alignment &- 1)
        if size &+ padding > room {
            room = max(65536, size)
            unsafe next = .allocate(byteCount: room, alignment: 16)
            unsafe blocks.append(next)
        } else {
            unsafe next = next + padding
            room &-= padding
        }
        let memory = unsafe next
        unsafe next = next + size
        room &-= size
        return unsafe memory
    }
}

/// Bytes in a plan's arena; valid as long as the plan is.
@safe
struct PlanBytes: BitwiseCopyable {
    let start: UnsafePointer<UInt8>
    let count: Int

    @unsafe
    init(unsafe start: UnsafePointer<UInt8>, count: Int) {
        unsafe self.start = start
        self.count = count
    }

    var isEmpty: Bool { count == 0 }

    var span: Span<UInt8> {
        @_lifetime(borrow self)
        @inline(__always)
        get {
            let span = unsafe Span(_unsafeStart: start, count: count)
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// The bytes as text, for messages.
    var text: String {
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}

/// Elements in a plan's arena; valid as long as the plan is.
@safe
struct PlanTable<Element: BitwiseCopyable>: BitwiseCopyable {
    let start: UnsafePointer<Element>
    let count: Int

    @unsafe
    init(unsafe start: UnsafePointer<Element>, count: Int) {
        unsafe self.start = start
        self.count = count
    }

    var isEmpty: Bool { count == 0 }

    subscript(_ index: Int) -> Element {
        @inline(__always)
        unsafeAddress {
            precondition(index >= 0 && index < count)
            return unsafe start + index
        }
    }
}

/// A name, and the index of an element in another table of the plan.
struct NamedIndex: BitwiseCopyable {
    var name: PlanBytes
    var index: Int32
}

extension PlanTable where Element == NamedIndex {
    /// Returns the index for `name`; the table is sorted by ``compare(_:_:)``.
    func index(of name: Span<UInt8>) -> Int32? {
        let found = bisect(count) { compare(self[$0].name.span, name) }
        return found.isFound ? self[found.index].index : nil
    }

    /// Returns the index of `name`, ignoring case, in a sorted table in lower case.
    func indexIgnoringCase(of name: Span<UInt8>) -> Int32? {
        let found = bisect(count) { compare(self[$0].name.span, lowercased: name) }
        return found.isFound ? self[found.index].index : nil
    }
}

/// Compares by bytes: negative, zero or positive.
func compare(_ left: Span<UInt8>, _ right: Span<UInt8>) -> Int {
    let shared = min(left.count, right.count)
    var index = 0
    while index < shared {
        let difference = Int(left[index]) &- Int(right[index])
        if difference != 0 { return difference }
        index &+= 1
    }
    return left.count &- right.count
}

/// Compares by bytes, the right ones in lower case.
private func compare(_ left: Span<UInt8>, lowercased right: Span<UInt8>) -> Int {
    let shared = min(left.count, right.count)
    var index = 0
    while index < shared {
        let difference = Int(left[index]) &- Int(right[index].asciiLowercased)
        if difference != 0 { return difference }
        index &+= 1
    }
    return left.count &- right.count
}

// Tables of the plan while it is compiled: arrays, whose elements are referred to by index.

extension Array {
    /// Adds an element. Returns its index.
    mutating func add(_ element: Element) -> Int32 {
        append(element)
        return Int32(clamping: count &- 1)
    }
}

extension Array where Element: Equatable {
    /// Returns the index of an element, which is added unless the table has it.
    mutating func index(adding element: Element) -> Int32 {
        // Levels of one file, and with the same settings, follow each other.
        if let known = lastIndex(of: element) { return Int32(clamping: known) }
        return add(element)
    }
}

/// The indexes of compiled settings: levels with equal settings share an element of a table.
struct SharedIndexes<Settings: Equatable> {
    private var known: [(settings: Settings, index: Int32)] = []

    subscript(_ settings: Settings) -> Int32? {
        get { known.first { $0.settings == settings }?.index }
        set {
            if let newValue { known.append((settings, newValue)) }
        }
    }
}
