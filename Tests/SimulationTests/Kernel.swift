import FakeKernel
import Glibc

/// The fake kernel of this thread, as safe functions.
enum Kernel {
    /// The status of a path.
    typealias File = fake_file

    static var nowMs: Int64 { fake_now_ms() }
    static var dateSeconds: Int64 { fake_date_ns() / 1_000_000_000 }
    static var sequence: UInt64 { fake_sequence() }

    /// The first rule that the worker has violated, such as closing a descriptor twice.
    static var violation: String? {
        guard let text = unsafe fake_violation() else { return nil }
        return unsafe String(cString: text)
    }

    static var faults: fake_faults {
        get { unsafe fake_fault_rates().pointee }
        set { unsafe fake_fault_rates().pointee = newValue }
    }

    static func trace(_ text: String) { unsafe fake_trace(text) }

    static func openDescriptors(_ kind: fake_kind) -> Int {
        Int(fake_open_descriptors(Int32(kind.rawValue)))
    }

    // MARK: connections

    static func send(_ client: Int32, _ bytes: ArraySlice<UInt8>) -> Int {
        unsafe bytes.withUnsafeBytes { unsafe fake_client_send(client, $0.baseAddress, $0.count) }
    }

    static func receive(_ client: Int32, atMost count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
            filled = unsafe fake_client_receive(client, memory.baseAddress, count)
        }
    }

    // MARK: files

    static func lookUp(_ path: String) -> File { unsafe fake_look_up(path) }

    static func makeDirectory(_ path: String) { _ = unsafe fake_make_directory(path) }

    static func makeLink(_ path: String, to target: String) {
        _ = unsafe fake_make_link(path, target)
    }

    /// Creates a file, or replaces its content in place.
    static func write(_ path: String, content: UInt32, size: Int64) {
        _ = unsafe fake_write_file(path, content, size)
    }

    static func truncate(_ path: String, to size: Int64) { _ = unsafe fake_truncate(path, size) }

    static func touch(_ path: String) { _ = unsafe fake_touch(path) }

    static func setMode(_ path: String, _ mode: UInt32) { _ = unsafe fake_set_mode(path, mode) }

    /// Removes a name. Returns false if there is none.
    @discardableResult
    static func remove(_ path: String) -> Bool { unsafe fake_unlink(path) == 0 }

    static func rename(_ path: String, to new: String) { _ = unsafe fake_rename(path, new) }

    /// Mounts a directory, or unmounts what is mounted.
    static func mount(_ directory: String?, at path: String) {
        if let directory {
            _ = unsafe fake_mount(directory, path)
        } else {
            _ = unsafe fake_mount(nil, path)
        }
    }

    static func setNotifies(_ path: String, _ notifies: Bool) {
        _ = unsafe fake_set_notifies(path, notifies)
    }

    /// Returns the lines that were appended to a file.
    static func lines(of path: String) -> [Substring] {
        var count = 0
        guard let start = unsafe fake_log(path, &count) else { return [] }
        let text = unsafe String(
            decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
        return text.split(separator: "\n")
    }

    static func bytes(of content: UInt32, from offset: Int64, count: Int) -> [UInt8] {
        unsafe Array(
            UnsafeBufferPointer(start: fake_pattern(content, offset), count: count))
    }

    /// Returns true if each byte occurs at its place in one of the contents.
    static func matches(
        _ bytes: ArraySlice<UInt8>, from offset: Int64, _ contents: [UInt32]
    ) -> Bool {
        unsafe bytes.withUnsafeBufferPointer { memory in
            unsafe contents.withUnsafeBufferPointer { versions in
                guard let start = memory.baseAddress else { return true }
                return unsafe fake_mismatch(
                    start, memory.count, offset, versions.baseAddress, versions.count)
                    == memory.count
            }
        }
    }
}

/// Returns true if `bytes` contains `text` at `position`. Faster than comparing elements in a debug
/// build.
func hasText(_ text: [UInt8], in bytes: [UInt8], at position: Int) -> Bool {
    guard position >= 0, bytes.count - position >= text.count else { return false }
    return unsafe bytes.withUnsafeBytes { memory in
        unsafe text.withUnsafeBytes { wanted in
            guard let start = memory.baseAddress, let other = wanted.baseAddress else {
                return true
            }
            return unsafe memcmp(start + position, other, wanted.count) == 0
        }
    }
}

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Returns a number from the range. `Int.random` is slow in debug builds.
    mutating func below(_ end: Int) -> Int { end > 0 ? Int(next() % UInt64(end)) : 0 }

    mutating func from(_ range: ClosedRange<Int>) -> Int {
        range.lowerBound + below(range.upperBound - range.lowerBound + 1)
    }

    /// Returns true once in `count` times, on average.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[below(elements.count)]
    }
}
