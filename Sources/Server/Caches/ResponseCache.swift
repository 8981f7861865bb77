import Files
import Glibc
import HTTP
import Linux

/// A cache of complete responses by server, path and accepted encodings.
@safe
struct ResponseCache: ~Copyable {
    private var responses: ZeroedStorage<CachedResponse>
    private var slots: FreeList
    private var index: SlotIndex
    private var eviction = ClockEviction()
    private var sweeper = IncrementalSweep()
    private let seed: UInt64
    private let maxBytes: Int64
    private(set) var byteCount: Int64 = 0

    init(entries: Int, bytes: Int64, seed: UInt64) {
        responses = ZeroedStorage(count: max(0, entries))
        slots = FreeList(count: max(0, entries))
        index = SlotIndex(slots: max(0, entries))
        maxBytes = bytes
        self.seed = seed
        isOn = entries > 0
    }

    deinit {
        for place in 0..<slots.end { unsafe Glibc.free(responses[place].memory) }
    }

    /// True if responses are cached.
    private(set) var isOn: Bool

    subscript(_ place: Int) -> CachedResponse {
        @inline(__always)
        unsafeAddress { unsafe responses.address(of: place) }
        @inline(__always)
        unsafeMutableAddress { unsafe responses.mutableAddress(of: place) }
    }

    @inline(__always)
    func hash(_ path: Span<UInt8>, _ variant: CachedResponse.Key) -> UInt64 {
        var hash = ByteHash(seed: seed)
        hash.add(variant.number)
        hash.add(path)
        return hash.value
    }

    /// Returns the slot of the response to a path; nil if there is none. Nothing changes, but a
    /// method that is not `mutating` would receive a copy of the struct.
    @inline(__always)
    mutating func find(_ path: Span<UInt8>, _ variant: CachedResponse.Key, _ hash: UInt64) -> Int? {
        var cursor = index.start(hash)
        while let place = index.next(hash, at: &cursor) {
            if responses[place].hash == hash, responses[place].variant == variant,
                Int(responses[place].pathCount) == path.count,
                let memory = unsafe responses[place].memory
            {
                let isEqual = unsafe path.withUnsafeBytes {
                    unsafe $0.isEmpty || memcmp($0.baseAddress!, memory, $0.count) == 0
                }
                if isEqual { return place }
            }
        }
        return nil
    }

    /// Returns the head of a response.
    func head(_ place: Int) -> Buffer {
        guard let memory = unsafe responses[place].memory else { return .none }
        return unsafe Buffer(
            unsafe: memory + Int(responses[place].pathCount),
            capacity: Int(responses[place].headCount) &+ Int(responses[place].bodyCount))
    }

    /// Stores the response to a path, in place of an older one. Nothing is stored if it takes too
    /// long to make room.
    mutating func store(
        _ made: CachedResponse, _ path: Span<UInt8>, head: Span<UInt8>, body: Span<UInt8>
    ) {
        let hash = hash(path, made.variant)
        if let old = find(path, made.variant, hash) { drop(old) }
        let size = path.count &+ head.count &+ body.count
        guard let place = room(for: ResponseCache.responseCost &+ size) else { return }
        // Swift's own allocation would terminate the process if memory is short.
        guard let memory = unsafe malloc(max(1, size)) else { return slots.release(place) }
        var response = made
        unsafe response.memory = memory
        response.hash = hash
        response.pathCount = UInt32(clamping: path.count)
        response.headCount = UInt32(clamping: head.count)
        response.bodyCount = UInt32(clamping: body.count)
        var writer = unsafe ByteWriter(unsafe: memory, capacity: size)
        writer.append(path)
        writer.append(head)
        writer.append(body)
        responses[place] = response
        index.insert(place, hash)
        byteCount &+= Int64(ResponseCache.responseCost &+ size)
    }

    /// Removes a response.
    mutating func drop(_ place: Int) {
        index.remove(place, responses[place].hash)
        byteCount &-= Int64(ResponseCache.responseCost &+ responses[place].byteCount)
        unsafe Glibc.free(responses[place].memory)
        responses[place] = CachedResponse()
        slots.release(place)
    }

    /// Removes responses that were last sent before this second. Each call examines a part of the
    /// table.
    mutating func sweep(before second: Int64) {
        for place in sweeper.slots(of: slots.end)
        where unsafe responses[place].memory != nil && responses[place].datedSecond < second {
            drop(place)
        }
        sweeper.rest(of: slots.end, nowMs: 0, periodMs: 0)
    }

    /// Removes all responses, and caches nothing from then on.
    mutating func close() {
        isOn = false
        for place in 0..<slots.end where unsafe responses[place].memory != nil { drop(place) }
    }

    /// Bytes of memory that a response uses in addition to its path, head and body: the entry, two
    /// cells of the index, and the overhead of malloc(3).
    static let responseCost = MemoryLayout<CachedResponse>.stride &+ 2 &* 8 &+ 16

    private mutating func room(for size: Int) -> Int? {
        guard Int64(size) <= maxBytes / 4 else { return nil }
        var victims = 0
        while byteCount &+ Int64(size) > maxBytes {
            victims &+= 1
            guard victims <= ClockEviction.maxVictims, dropOne() else { return nil }
        }
        if let place = slots.acquire() { return place }
        return dropOne() ? slots.acquire() : nil
    }

    private mutating func dropOne() -> Bool {
        for _ in 0..<ClockEviction.maxStepsPerEviction {
            guard let place = eviction.step(of: slots.end) else { return false }
            guard unsafe responses[place].memory != nil else { continue }
            if responses[place].uses == 0 {
                drop(place)
                return true
            }
            responses[place].uses &-= 1
        }
        return false
    }
}

/// A complete response that was built once and is sent again while nothing that it depends on has
/// changed: a head, and either a whole file or a body of its own.
@safe
struct CachedResponse: BitwiseCopyable {
    /// A version of a file that the response depends on.
    struct FileVersion: BitwiseCopyable {
        var entry: Int32 = -1
        var generation: UInt32 = 0

        static var none: FileVersion { FileVersion() }
    }

    /// The key of a cached response, in addition to its path.
    struct Key: BitwiseCopyable, Equatable {
        let server: Int32
        /// The class of the client's Accept-Encoding (``AcceptEncodingClasses``).
        let encodingClass: UInt16
        /// True for a client that has this version already: 304.
        let isNotModified: Bool
        /// True if the page is padded for a browser.
        var isPadded = false

        var number: UInt64 {
            UInt64(UInt32(bitPattern: server)) &<< 32 | UInt64(encodingClass) &<< 2
                | (isPadded ? 2 : 0) | (isNotModified ? 1 : 0)
        }
    }

    /// The dependence of a built-in page on the browser: none, or the form that this one got.
    enum Padding: UInt8, BitwiseCopyable { case none, unpadded, padded }

    /// The path, the head and the body of its own, one after the other; nil in a free slot.
    var memory: UnsafeMutableRawPointer?
    var hash: UInt64 = 0
    var variant = Key(server: 0, encodingClass: 0, isNotModified: false)
    var pathCount: UInt32 = 0
    var headCount: UInt32 = 0
    /// The length of the body of its own.
    var bodyCount: UInt32 = 0
    var status: UInt16 = 0
    var uses: UInt8 = 0
    /// True if the body is all of the first file.
    var sendsFile = false
    var padding = Padding.none
    var location: Int32 = 0
    var file = FileVersion.none
    var otherFile = FileVersion.none
    /// The epoch of the file cache in which all other lookups were made.
    var epoch: UInt64 = 0
    /// The last second at which it may be sent, and the first, in case the clock is set back:
    /// Last-Modified must not be later than Date (RFC 9110, section 8.8.2.1).
    var lastSecond = Int64.max
    var firstSecond = Int64.min
    /// The second that its dates are from.
    var datedSecond: Int64 = 0
    /// The offset of the value of Date in the head.
    var dateOffset: UInt32 = 0
    /// The offset of the value of Expires, and its distance from Date in seconds; 0 for none.
    var expiresOffset: UInt32 = 0
    var expiresAfter: Int64 = 0
    /// The extent of `keep-alive` and the Keep-Alive header after it.
    var connection = ByteExtent.empty
    /// The extents of the values of ETag and Last-Modified.
    var tag = ByteExtent.empty
    var modified = ByteExtent.empty
    /// The index file that was found, for `$uri`.
    var index: PlanBytes?
    /// The error message that it causes, which is only counted.
    var message = RepeatedMessages.Reference.none

    /// The bytes of memory for path, head and body.
    var byteCount: Int { Int(pathCount) &+ Int(headCount) &+ Int(bodyCount) }
}
