import Files
import Glibc
import Linux
import Testing

@Suite struct DirectoryListingTests {
    func names(_ listing: WholeListing) -> [[UInt8]] { listing.names }

    func texts(_ listing: WholeListing) -> [String] {
        listing.names.map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func directoriesComeFirstThenByteOrder() throws {
        let temporary = TemporaryDirectory()
        for name in ["b", "a", "B", "ü", "a b", "a.txt", ".hidden", "..x", "ab"] {
            temporary.file(name)
        }
        temporary.directory("z")
        temporary.directory("y")
        temporary.directory(".git")
        let listing = try WholeListing(owning: temporary.open(), links: .follow)
        #expect(texts(listing) == ["y", "z", "B", "a", "a b", "a.txt", "ab", "b", "ü"])
    }

    @Test func namesMayBeInvalidUTF8() throws {
        let temporary = TemporaryDirectory()
        let odd: [[UInt8]] = [
            Array("\"><script>".utf8), Array("'".utf8), Array("%41".utf8), Array("a\nb".utf8),
            [0x62, 0xFF, 0xFE], [0x01], [UInt8](repeating: 0x6E, count: 255),
        ]
        for name in odd { temporary.file(name) }
        let listing = try WholeListing(owning: temporary.open(), links: .follow)
        #expect(names(listing) == odd.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func linkShowsItsTarget() throws {
        let temporary = TemporaryDirectory()
        temporary.file("file", size: 1234, modified: 99)
        temporary.directory("directory")
        temporary.link("to-file", to: "file", modified: 5)
        temporary.link("to-directory", to: "directory")
        temporary.link("to-nothing", to: "nothing", modified: 7)
        temporary.link("to-itself", to: "to-itself")
        temporary.fifo("pipe")
        let listing = try WholeListing(owning: temporary.open(), links: .follow)
        #expect(
            texts(listing) == [
                "directory", "to-directory", "file", "pipe", "to-file", "to-itself", "to-nothing",
            ])
        let kinds: [FileStatus.Kind] = [
            .directory, .directory, .regular, .other, .regular, .other, .other,
        ]
        #expect(listing.entries.map(\.kind) == kinds)
        #expect(listing.entries[4].size == 1234)
        #expect(listing.entries[4].modified == 99)
        #expect(listing.entries[6].size == 7)
        #expect(listing.entries[6].modified == 7)
    }

    @Test(arguments: [LinkRule.beneath, .refuse])
    func unfollowedLinkHidesItsTarget(links: LinkRule) throws {
        let temporary = TemporaryDirectory()
        temporary.link("passwd", to: "/etc/passwd", modified: 3)
        temporary.link("etc", to: "/etc")
        let listing = try WholeListing(owning: temporary.open(), links: links)
        #expect(listing.entries.map(\.kind) == [.other, .other])
        #expect(listing.entries.map(\.size) == [4, 11])
        #expect(listing.entries[1].modified == 3)
    }

    @Test func emptyDirectory() throws {
        let temporary = TemporaryDirectory()
        #expect(
            try WholeListing(owning: temporary.open(), links: .follow).entries.isEmpty)
    }

    @Test func fileIsNotADirectory() throws {
        let temporary = TemporaryDirectory()
        temporary.file("file")
        let path = temporary.path + "/file"
        let fd = unsafe path.withCString { unsafe openForReading(CPath(unsafe: $0)) }
        let number = try fd.get()
        let inode = try fileStatus(of: number).get().inode
        #expect(throws: FileError(code: ENOTDIR)) {
            try WholeListing(owning: Descriptor(owning: number), links: .follow)
        }
        // It was closed; by now, another test may use the number.
        #expect((try? fileStatus(of: number).get().inode) != inode)
    }

    @Test(arguments: [1, 7, 52, 1000])
    func slicedReadEqualsWholeRead(size: Int) throws {
        let temporary = TemporaryDirectory()
        for index in 0..<50 { temporary.file("f\(index * 37 % 50)", size: index) }
        let whole = try WholeListing(owning: temporary.open(), links: .follow, slice: size)
        #expect(texts(whole) == (0..<50).map { "f\($0)" }.sorted())
        #expect(whole.slices == 52 / size)
    }

    @Test(arguments: [
        (DirectoryListing.Order.Key.name, false, ["d", "e", "a", "b", "c"]),
        (.name, true, ["e", "d", "c", "b", "a"]), (.size, false, ["d", "e", "c", "a", "b"]),
        (.size, true, ["d", "e", "a", "b", "c"]), (.modified, false, ["e", "d", "b", "c", "a"]),
        (.modified, true, ["d", "e", "a", "c", "b"]),
    ])
    func ordersAreApplied(key: DirectoryListing.Order.Key, isDescending: Bool, expected: [String])
        throws
    {
        let temporary = TemporaryDirectory(inMemory: true)
        temporary.file("a", size: 20, modified: 300)
        temporary.file("b", size: 20, modified: 100)
        temporary.file("c", size: 3, modified: 200)
        temporary.directory("d", modified: 60)
        temporary.directory("e", modified: 50)
        for slice in [1, 100] {
            let listing = try WholeListing(
                owning: temporary.open(), links: .follow, slice: slice,
                order: .init(key: key, isDescending: isDescending))
            #expect(texts(listing) == expected)
        }
    }

    @Test func hundredThousandEntriesAreSorted() throws {
        let temporary = TemporaryDirectory(inMemory: true)
        let directory = try temporary.open()
        for index in 0..<100_000 {
            let fd = unsafe openat(directory.number, "file-\(index).txt", O_WRONLY | O_CREAT, 0o644)
            try #require(fd >= 0, "errno \(errno)")
            close(fd)
        }
        for format in [DirectoryListing.Format.html, .json] {
            var style = DirectoryListing.Style()
            style.format = format
            let body = try ListingBody(owning: temporary.open(), links: .follow, style: style)
            let page = body.all(room: 20_000)
            #expect(page.count(where: { $0 == UInt8(ascii: "\n") }) > 100_000)
            let links = page.split(separator: UInt8(ascii: "\n")).compactMap { line in
                line.split(separator: UInt8(ascii: "\"")).first {
                    $0.starts(with: Array("file-".utf8))
                }
            }
            #expect(links.count == 100_000)
            #expect(zip(links, links.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) })
        }
    }
}

extension DirectoryListingTests {
    /// No step takes longer than reading a few names.
    @Test func listingIsReadInSteps() throws {
        let temporary = TemporaryDirectory(inMemory: true)
        for index in 0..<2000 { temporary.file("f\(index)") }
        let body = try ListingBody(
            owning: temporary.open(), links: .follow, style: .init())
        var room = [UInt8](repeating: 0, count: 100)
        var pending = 0
        while case .pending = unsafe room.withUnsafeMutableBytes({ unsafe body.step(into: $0) }) {
            pending += 1
        }
        // `.` and `..` are names too.
        #expect(pending == 2002 / 512)
    }
}

/// All names of a directory, in order.
struct WholeListing {
    var entries: [DirectoryListing.Entry] = []
    var names: [[UInt8]] = []
    /// The number of full slices that were read.
    var slices = 0

    init(
        owning directory: consuming Descriptor, links: LinkRule, slice: Int = 4096,
        order: DirectoryListing.Order = .init()
    ) throws {
        var stream = try DirectoryStream(owning: directory)
        var listing = DirectoryListing(order: order)
        while try listing.readNames(from: &stream, atMost: slice, links: links) { slices += 1 }
        let count = listing.count
        while let entry = listing.next() {
            entries.append(entry)
            names.append(listing.withName(of: entry) { name in name.indices.map { name[$0] } })
        }
        #expect(entries.count == count)
    }
}

extension ListingBody {
    /// Returns the whole page, made with a buffer of `count` bytes for each step.
    func all(room count: Int = 1000) -> [UInt8] {
        var result: [UInt8] = []
        var room = [UInt8](repeating: 0, count: count)
        while true {
            switch unsafe room.withUnsafeMutableBytes({ unsafe step(into: $0) }) {
            case .pending: continue
            case .failed(let error):
                Issue.record(error)
                return result
            case .written(let count, let isLast):
                result += room[..<count]
                if isLast { return result }
            }
        }
    }
}
