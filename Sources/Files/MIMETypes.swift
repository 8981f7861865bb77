import HTTP
import Linux

/// The `types` block of a location, compiled: maps the extension of a path to its media type.
///
/// Immutable. The table is in memory of its own, so that a lookup reads bytes and counts no
/// references; requests use ``table``.
@safe
public final class MIMETypes {
    /// The media types, each once. Their indexes are the table's numbers.
    public let types: [String]

    private let memory: UnsafeMutableRawBufferPointer
    private let layout: Layout

    /// Returns nginx's default types, for configurations without a `types` block.
    public static func builtIn() -> MIMETypes {
        MIMETypes([
            (suffix: "html", type: "text/html"),
            (suffix: "gif", type: "image/gif"),
            (suffix: "jpg", type: "image/jpeg"),
        ])
    }

    /// Compiles `pairs`. The case of ASCII letters in a suffix is ignored; the last of two equal
    /// ones counts.
    public init(_ pairs: [(suffix: String, type: String)]) {
        var types: [String] = []
        var numberOfType: [String: Int32] = [:]
        var typeOfSuffix: [[UInt8]: Int32] = [:]
        for pair in pairs {
            let suffix = pair.suffix.utf8.map(\.asciiLowercased)
            guard !suffix.isEmpty, suffix.count <= Int(UInt16.max) else { continue }
            let number = numberOfType[pair.type] ?? Int32(truncatingIfNeeded: types.count)
            if number == types.count {
                numberOfType[pair.type] = number
                types.append(pair.type)
            }
            typeOfSuffix[suffix] = number
        }
        self.types = types
        let suffixes = typeOfSuffix.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        layout = Layout(suffixes: suffixes.map(\.key))
        unsafe memory = .allocate(byteCount: layout.byteCount, alignment: 8)
        unsafe layout.fill(memory, with: suffixes.map { ($0.key, $0.value) })
    }

    deinit { unsafe memory.deallocate() }

    /// A view of the table for a plan. It must not outlive this object.
    @unsafe
    public var table: Table {
        unsafe Table(
            slots: UnsafeRawPointer(memory.baseAddress.unsafelyUnwrapped)
                .assumingMemoryBound(to: Slot.self),
            names: UnsafeRawPointer(memory.baseAddress.unsafelyUnwrapped)
                .advanced(by: layout.slotCount * MemoryLayout<Slot>.stride)
                .assumingMemoryBound(to: UInt8.self),
            mask: UInt32(truncatingIfNeeded: layout.slotCount - 1),
            longestSuffix: layout.longestSuffix)
    }

    /// Returns the index in ``types`` of the type of `path`; -1 if it has no extension or an
    /// unknown one.
    public func type(forPath path: Span<UInt8>) -> Int32 {
        withExtendedLifetime(self) { unsafe table.type(forPath: path) }
    }

    /// Returns the index where the extension of the last segment of `path` begins, after its last
    /// dot; nil without one.
    ///
    /// As in nginx's parser, up to three dots at the start of a name begin no extension: `/.html`
    /// has none and `/.a.html` has one.
    public static func suffixStart(in path: Span<UInt8>) -> Int? {
        var dot = -1
        var index = path.count - 1
        while index >= 0 && path[index] != UInt8(ascii: "/") {
            if dot < 0 && path[index] == UInt8(ascii: ".") { dot = index }
            index -= 1
        }
        guard dot >= 0 else { return nil }
        var dotsAtStart = index + 1
        while dotsAtStart <= min(dot, index + 3) && path[dotsAtStart] == UInt8(ascii: ".") {
            dotsAtStart += 1
        }
        return dot < dotsAtStart ? nil : dot + 1
    }

    /// Returns the hash of a suffix, ignoring case.
    @inline(__always)
    static func hash(_ suffix: Span<UInt8>) -> UInt32 {
        var hash = FNV1a()
        for index in suffix.indices { hash.add(UInt64(suffix[index].asciiLowercased)) }
        return UInt32(truncatingIfNeeded: hash.value)
    }

    /// One slot of the table; a length of 0 is an empty one.
    struct Slot: BitwiseCopyable {
        var hash: UInt32 = 0
        var start: UInt32 = 0
        var type: Int32 = -1
        var length: UInt16 = 0
    }

    /// A view of the table: plain numbers, valid as long as its ``MIMETypes``.
    @unsafe
    public struct Table: BitwiseCopyable {
        let slots: UnsafePointer<Slot>
        let names: UnsafePointer<UInt8>
        let mask: UInt32
        let longestSuffix: Int

        /// Returns the index in ``MIMETypes/types`` of the type of `path`, or -1.
        public func type(forPath path: Span<UInt8>) -> Int32 {
            guard let start = MIMETypes.suffixStart(in: path), start < path.count,
                unsafe path.count &- start <= longestSuffix
            else { return -1 }
            let suffix = path.extracting(start..<path.count)
            return unsafe find(suffix, MIMETypes.hash(suffix))
        }

        /// The table is at most half full, so that an empty slot ends every search.
        private func find(_ suffix: Span<UInt8>, _ hash: UInt32) -> Int32 {
            var place = unsafe hash & mask
            while true {
                let slot = unsafe slots[Int(place)]
                if slot.length == 0 { return -1 }
                if unsafe slot.hash == hash && isName(of: slot, suffix) { return slot.type }
                place = unsafe (place &+ 1) & mask
            }
        }

        private func isName(of slot: Slot, _ suffix: Span<UInt8>) -> Bool {
            guard Int(slot.length) == suffix.count else { return false }
            let name = unsafe names + Int(slot.start)
            for index in suffix.indices
            where unsafe name[index] != suffix[index].asciiLowercased {
                return false
            }
            return true
        }
    }

    /// The layout of the memory: the slots, then the bytes of the suffixes.
    private struct Layout {
        let slotCount: Int
        let longestSuffix: Int
        let byteCount: Int

        init(suffixes: [[UInt8]]) {
            var slotCount = 8
            while slotCount < suffixes.count * 2 { slotCount *= 2 }
            self.slotCount = slotCount
            longestSuffix = suffixes.reduce(0) { max($0, $1.count) }
            let nameBytes = suffixes.reduce(0) { $0 + $1.count }
            byteCount = slotCount * MemoryLayout<Slot>.stride + nameBytes
        }

        func fill(_ memory: UnsafeMutableRawBufferPointer, with suffixes: [([UInt8], Int32)]) {
            let slotBytes = slotCount * MemoryLayout<Slot>.stride
            let slots = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[..<slotBytes])
                .initializeMemory(as: Slot.self, repeating: Slot())
            var end = 0
            for (suffix, type) in suffixes {
                for (index, byte) in suffix.enumerated() {
                    unsafe memory[slotBytes + end + index] = byte
                }
                let hash = MIMETypes.hash(suffix.span)
                var place = Int(hash) & (slotCount - 1)
                while unsafe slots[place].length != 0 { place = (place + 1) & (slotCount - 1) }
                unsafe slots[place] = Slot(
                    hash: hash, start: UInt32(truncatingIfNeeded: end), type: type,
                    length: UInt16(truncatingIfNeeded: suffix.count))
                end += suffix.count
            }
        }
    }
}
