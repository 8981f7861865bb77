import FakeKernel
import Glibc

/// The files that the worker serves, and their history.
///
/// Each path has a list of the responses that it called for, with the moment from which each was
/// right. A response is right if it was right at any moment between the end of the request and the
/// end of the response.
struct Site {
    /// The response that a path calls for at one moment.
    struct Outcome: Equatable {
        var status = 200
        var error: Int32 = 0
        var inode: UInt64 = 0
        var content: UInt32 = 0
        var size: Int64 = 0
        var modifiedNs: Int64 = 0
        /// The path whose extension determines the type.
        var name = ""

        var modified: Int64 { modifiedNs / 1_000_000_000 }
    }

    /// A content that a file had from a moment on.
    struct Version {
        let since: UInt64
        let content: UInt32
        let size: Int64
    }

    static let root = "/srv/www"
    static let errorPageSize: Int64 = 1000

    /// The paths that clients request, without the location's prefix.
    static let paths = [
        "a.txt", "b.txt", "c.bin", "d.txt", "sub/e.txt", "link.txt", "sub", "sub/", "try/f.txt",
        "empty.txt",
    ]

    private(set) var histories: [[(since: UInt64, outcome: Outcome)]]
    private var versions: [UInt64: [Version]] = [:]
    private let isLinked: Bool
    /// The modification time of the page for errors, in seconds.
    let errorPageModified: Int64
    private var changeCount = 0

    /// Creates the files.
    init(using random: inout SeededGenerator) {
        isLinked = random.once(in: 3)
        errorPageModified = Kernel.dateSeconds
        histories = Array(repeating: [], count: Site.paths.count)
        Kernel.makeDirectory("/srv")
        Kernel.makeDirectory("/log")
        if isLinked {
            for directory in ["/srv/one", "/srv/two"] { fill(directory, using: &random) }
            Kernel.makeLink(Site.root, to: random.once(in: 2) ? "one" : "/srv/one")
        } else {
            fill(Site.root, using: &random)
        }
        Kernel.makeDirectory("/srv/mount")
        Kernel.write("/srv/mount/e.txt", content: 77, size: 500)
        Kernel.write("/srv/fixed.txt", content: 5, size: Site.errorPageSize)
        if random.once(in: 12) { Kernel.setNotifies(Site.root, false) }
        record()
    }

    private mutating func fill(_ directory: String, using random: inout SeededGenerator) {
        Kernel.makeDirectory(directory)
        Kernel.makeDirectory("\(directory)/sub")
        Kernel.makeDirectory("\(directory)/try")
        for name in ["a.txt", "b.txt", "c.bin", "sub/e.txt", "empty.txt"] {
            write("\(directory)/\(name)", using: &random)
        }
        if random.once(in: 2) { write("\(directory)/sub/index.html", using: &random) }
        if random.once(in: 2) { write("\(directory)/try/f.txt", using: &random) }
        Kernel.makeLink(
            "\(directory)/link.txt", to: random.pick(["a.txt", "sub/e.txt", "nowhere"]))
    }

    private func write(_ path: String, using random: inout SeededGenerator) {
        Kernel.write(
            path, content: UInt32(truncatingIfNeeded: random.next() >> 32),
            size: size(of: path, using: &random))
    }

    private func size(of path: String, using random: inout SeededGenerator) -> Int64 {
        if path.hasSuffix("empty.txt") { return 0 }
        if path.hasSuffix(".bin") {
            let isLarge = random.once(in: 8)
            return Int64(random.from(isLarge ? 200_000...400_000 : 16_385...65_000))
        }
        return Int64(random.once(in: 3) ? random.from(1...40) : random.from(1...16_384))
    }

    // MARK: changes

    /// Makes one random change.
    mutating func change(using random: inout SeededGenerator) {
        changeCount += 1
        let name = random.pick(["a.txt", "b.txt", "c.bin", "d.txt", "sub/e.txt", "try/f.txt"])
        let path = "\(Site.root)/\(name)"
        switch random.below(18) {
        case 0...3: write(path, using: &random)
        case 4...5: swap(path, using: &random)
        case 6: truncate(path, using: &random)
        case 7...8: Kernel.remove(path)
        case 9: Kernel.touch(path)
        case 10:
            let target = random.pick(["a.txt", "sub", "sub/e.txt", "c.bin"])
            let mode: UInt32 = random.once(in: 3) ? 0 : target == "sub" ? 0o755 : 0o644
            Kernel.setMode("\(Site.root)/\(target)", mode)
        case 11: swapLink(using: &random)
        case 12: swapDirectory(using: &random)
        case 13, 16, 17: mount(using: &random)
        case 14:
            let index = "\(Site.root)/sub/index.html"
            if !Kernel.remove(index) { write(index, using: &random) }
        default: write("\(Site.root)/unrelated", using: &random)
        }
        record()
    }

    /// Mounts a directory, or unmounts it.
    mutating func changeMount(using random: inout SeededGenerator) {
        mount(using: &random)
        record()
    }

    private func mount(using random: inout SeededGenerator) {
        Kernel.mount(random.once(in: 2) ? "/srv/mount" : nil, at: "\(Site.root)/sub")
    }

    private func swap(_ path: String, using random: inout SeededGenerator) {
        let new = "\(path).new"
        write(new, using: &random)
        Kernel.rename(new, to: path)
    }

    private func truncate(_ path: String, using random: inout SeededGenerator) {
        let size = Kernel.lookUp(path).size
        guard size > 0 else { return }
        Kernel.truncate(path, to: Int64(random.below(Int(size))))
    }

    private func swapLink(using random: inout SeededGenerator) {
        if isLinked {
            Kernel.makeLink("/srv/new", to: random.pick(["/srv/one", "two", "one"]))
            Kernel.rename("/srv/new", to: Site.root)
        } else {
            let link = "\(Site.root)/link.txt"
            Kernel.makeLink("\(link).new", to: random.pick(["b.txt", "sub/e.txt", "link.txt"]))
            Kernel.rename("\(link).new", to: link)
        }
    }

    private func swapDirectory(using random: inout SeededGenerator) {
        let directory = "\(Site.root)/sub"
        let old = "\(Site.root)/old\(changeCount)"
        Kernel.rename(directory, to: old)
        Kernel.makeDirectory(directory)
        write("\(directory)/e.txt", using: &random)
    }

    // MARK: history

    private mutating func record() {
        let now = Kernel.sequence
        for index in Site.paths.indices {
            let outcome = Site.outcome(of: Site.paths[index])
            if histories[index].last?.outcome != outcome { histories[index].append((now, outcome)) }
        }
        for path in Site.paths + ["sub/index.html"] {
            let file = Kernel.lookUp("\(Site.root)/\(path)")
            guard file.inode != 0 else { continue }
            let last = versions[file.inode]?.last
            if last?.content != file.content || last?.size != file.size {
                versions[file.inode, default: []].append(
                    Version(since: now, content: file.content, size: file.size))
            }
        }
    }

    private static func outcome(of path: String) -> Outcome {
        let file = Kernel.lookUp("\(root)/\(path)")
        if path.hasPrefix("try/"), file.error != 0 || file.is_directory {
            return outcome(of: "a.txt")
        }
        if path.hasSuffix("/"), file.error == 0, file.is_directory {
            let index = Kernel.lookUp("\(root)/\(path)index.html")
            if index.error == 0, !index.is_directory { return outcome(of: "\(path)index.html") }
            let isMissing = index.error == ENOENT || index.error == ENOTDIR
            return Outcome(status: isMissing ? 403 : status(of: index.error), error: index.error)
        }
        if file.error != 0 { return Outcome(status: status(of: file.error), error: file.error) }
        if file.is_directory { return Outcome(status: 301) }
        return Outcome(
            inode: file.inode, content: file.content, size: file.size,
            modifiedNs: file.modified_ns, name: path)
    }

    private static func status(of error: Int32) -> Int {
        switch error {
        case ENOENT, ENOTDIR, ENAMETOOLONG: 404
        case EACCES, EPERM, ELOOP: 403
        default: 500
        }
    }

    /// Returns the outcomes of a path that were right at any moment since `sequence`.
    func outcomes(of path: Int, since sequence: UInt64) -> [Outcome] {
        let history = histories[path]
        return history.indices.filter { index in
            index + 1 == history.count || history[index + 1].since > sequence
        }.map { history[$0].outcome }
    }

    /// Returns the versions that a file had since `sequence`, the one of that moment included.
    func versions(of inode: UInt64, since sequence: UInt64) -> [Version] {
        let all = versions[inode] ?? []
        return all.indices.filter { $0 + 1 == all.count || all[$0 + 1].since > sequence }
            .map { all[$0] }
    }
}
