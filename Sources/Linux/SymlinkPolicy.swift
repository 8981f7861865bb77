import CLinux
import Glibc

/// The links that a path may contain: nginx's disable_symlinks.
@frozen
public enum SymlinkPolicy: UInt8, BitwiseCopyable, Sendable {
    /// No links.
    case refuseAll
    /// Links whose target has the same owner.
    case refuseOthers
}

/// Opens `path` for reading, with a check of its links. Its first `trusted` bytes are a directory
/// that may be reached by any link. Returns a descriptor or errno(3): ELOOP if the last name is a
/// link that is refused, or any name a link to a file of another owner; ENOTDIR if a directory is a
/// link that is refused.
public func openChecked(
    _ path: Span<UInt8>, trusted: Int, test: SymlinkPolicy
) -> Result<Int32, FileError> {
    var components = path.components(from: trusted)
    // A slash at the end means that the last name is a directory.
    let endsInSlash = path.count > 0 && path[path.count &- 1] == 0x2F
    let last = components.popLast() ?? Array(".".utf8)
    let start = trusted > 0 ? path.copy(0, trusted) : Array("/".utf8)
    var directory: Descriptor
    switch openDirectory(start, in: clinux_at_fdcwd()) {
    case .success(let number): directory = Descriptor(owning: number)
    case .failure(let error): return .failure(error)
    }
    if test == .refuseAll {
        if !components.isEmpty {
            let parent = Array(components.joined(separator: [0x2F]))
            // The last name is opened separately: a link there is a different error.
            switch open(parent, in: directory.number, .refuse) {
            case .success(let number): directory = Descriptor(owning: number)
            case .failure(let error):
                return .failure(FileError(code: error.code == ELOOP ? ENOTDIR : error.code))
            }
        }
        let opened = open(last, in: directory.number, .refuse)
        guard endsInSlash, case .failure(let error) = opened, error.code == ELOOP else {
            return opened
        }
        return .failure(FileError(code: ENOTDIR))
    }
    for component in components {
        switch openDirectory(component, in: directory.number) {
        case .failure(let error): return .failure(error)
        case .success(let number):
            let next = Descriptor(owning: number)
            guard hasSameOwner(component, in: directory.number, next.number) else {
                return .failure(FileError(code: ELOOP))
            }
            directory = next
        }
    }
    switch open(last, in: directory.number, .follow) {
    case .failure(let error): return .failure(error)
    case .success(let number):
        let opened = Descriptor(owning: number)
        guard hasSameOwner(last, in: directory.number, opened.number) else {
            return .failure(FileError(code: ELOOP))
        }
        return .success(opened.detach())
    }
}

/// Returns true if a name is no link, or one whose owner is that of its target.
private func hasSameOwner(_ name: [UInt8], in directory: Int32, _ target: Int32) -> Bool {
    var fileStatus = clinux_file_status()
    let returned = withTerminated(name) { unsafe clinux_stat_at(directory, $0.start, &fileStatus) }
    guard returned == 0 else { return false }
    guard fileStatus.mode & UInt32(S_IFMT) == UInt32(S_IFLNK) else { return true }
    var targetFacts = clinux_file_status()
    guard unsafe clinux_fstat(target, &targetFacts) == 0 else { return false }
    return fileStatus.owner == targetFacts.owner
}

private func openDirectory(_ name: [UInt8], in directory: Int32) -> Result<Int32, FileError> {
    let returned = withTerminated(name) { unsafe clinux_open_directory(directory, $0.start) }
    return returned < 0 ? .failure(FileError(code: 0 &- returned)) : .success(returned)
}

private func open(
    _ name: [UInt8], in directory: Int32, _ links: LinkRule
) -> Result<Int32, FileError> {
    withTerminated(name) { openForReading($0, links: links, in: directory) }
}

private func withTerminated<Result>(_ name: [UInt8], _ body: (CPath) -> Result) -> Result {
    unsafe (name + [0]).withUnsafeBytes { bytes in
        // There is at least one byte: the NUL.
        let start = unsafe bytes.baseAddress.unsafelyUnwrapped
        return unsafe body(CPath(unsafe: start.assumingMemoryBound(to: CChar.self)))
    }
}

extension Span where Element == UInt8 {
    fileprivate func copy(_ start: Int, _ end: Int) -> [UInt8] {
        let first = Swift.max(0, Swift.min(start, count))
        let piece = extracting(first..<Swift.max(first, Swift.min(end, count)))
        return piece.indices.map { piece[$0] }
    }

    /// Returns the names between slashes.
    fileprivate func components(from start: Int) -> [[UInt8]] {
        let rest = copy(start, count)
        return rest.split(separator: 0x2F).map(Array.init)
    }
}
