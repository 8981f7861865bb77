import Foundation
import Glibc

/// The content of a fixture file.
enum Fixture: ExpressibleByStringLiteral {
    case text(String)
    case bytes([UInt8])

    init(stringLiteral value: String) { self = .text(value) }

    /// Returns `count` bytes that do not repeat within a page, so that a shifted response shows.
    static func pattern(_ count: Int) -> Fixture { .bytes(patternBytes(count)) }

    var content: [UInt8] {
        switch self {
        case .text(let text): Array(text.utf8)
        case .bytes(let bytes): bytes
        }
    }
}

func patternBytes(_ count: Int) -> [UInt8] {
    var state: UInt32 = 2_463_534_242
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for _ in 0..<count {
        state ^= state << 13
        state ^= state >> 17
        state ^= state << 5
        bytes.append(UInt8(truncatingIfNeeded: state))
    }
    return bytes
}

/// Returns words of text, as compressible as a page.
func wordyText(_ byteCount: Int) -> String {
    var text = ""
    var line = 0
    while text.utf8.count < byteCount {
        text += "line \(line): the swift sleeps on the wing and lands only to nest\n"
        line += 1
    }
    return String(text.prefix(byteCount))
}

struct SystemFailure: Error {
    let call: String
    let code: Int32
    init(_ call: String) {
        self.call = call
        code = errno
    }
}

func readText(_ path: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
}

func readBytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// A temporary directory with a document root, removed at the end. Its files are dated 2020, so
/// that they can be cached and their entity tags are known.
final class TemporaryDirectory {
    let path: String
    var root: String { path + "/root" }

    /// Modification time of fixture files: Fri, 14 Feb 2020 13:14:15 GMT.
    static let modified = 1_581_686_055
    static let modifiedText = "Fri, 14 Feb 2020 13:14:15 GMT"

    /// Creates the directory below `parent`, or in the default place.
    init(files: [String: Fixture] = [:], parent: String? = nil) throws {
        let parent = parent ?? NSTemporaryDirectory()
        path = parent + (parent.hasSuffix("/") ? "" : "/") + "apus-\(UUID().uuidString.prefix(8))"
        ProcessGuard.shared.note(directory: path)
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        // The workers are another user.
        unsafe chmod(path, 0o755)
        unsafe chmod(root, 0o755)
        for (name, fixture) in files { try write(name, fixture) }
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        ProcessGuard.shared.forget(directory: path)
    }

    /// Writes `name` below the document root; "a/" creates an empty directory.
    func write(
        _ name: String, _ fixture: Fixture, modified: Int = TemporaryDirectory.modified
    ) throws {
        let file = root + "/" + name
        let directory = name.hasSuffix("/") ? file : (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        guard !name.hasSuffix("/") else { return }
        try Data(fixture.content).write(to: URL(fileURLWithPath: file))
        unsafe chmod(file, 0o644)
        try setModified(file, modified)
    }

    func setModified(_ file: String, _ seconds: Int) throws {
        var times = [timespec(tv_sec: seconds, tv_nsec: 0), timespec(tv_sec: seconds, tv_nsec: 0)]
        guard unsafe utimensat(AT_FDCWD, file, &times, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemFailure("utimensat")
        }
    }

    func link(_ name: String, to target: String) throws {
        guard unsafe symlink(target, root + "/" + name) == 0 else { throw SystemFailure("symlink") }
    }

    /// Returns the entity tag that nginx sends for a fixture file of a size.
    static func entityTag(size: Int) -> String {
        "\"\(String(modified, radix: 16))-\(String(size, radix: 16))\""
    }
}
