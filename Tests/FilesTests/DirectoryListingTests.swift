import Files
import Glibc
import Linux
import Testing

@Suite struct DirectoryListingTests {
    func names(_ listing: DirectoryListing) -> [[UInt8]] {
        listing.entries.map { entry in
            listing.withName(of: entry) { name in name.indices.map { name[$0] } }
        }
    }

    func texts(_ listing: DirectoryListing) -> [String] {
        names(listing).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func directoriesFirstThenByBytes() throws {
        let temporary = TemporaryDirectory()
        for name in ["b", "a", "B", "ü", "a b", "a.txt", ".hidden", "..x", "ab"] {
            temporary.file(name)
        }
        temporary.directory("z")
        temporary.directory("y")
        temporary.directory(".git")
        let listing = try DirectoryListing.read(owning: temporary.open(), links: .follow)
        #expect(texts(listing) == ["y", "z", "B", "a", "a b", "a.txt", "ab", "b", "ü"])
    }

    @Test func namesAreBytes() throws {
        let temporary = TemporaryDirectory()
        let odd: [[UInt8]] = [
            Array("\"><script>".utf8), Array("'".utf8), Array("%41".utf8), Array("a\nb".utf8),
            [0x62, 0xFF, 0xFE], [0x01], [UInt8](repeating: 0x6E, count: 255),
        ]
        for name in odd { temporary.file(name) }
        let listing = try DirectoryListing.read(owning: temporary.open(), links: .follow)
        #expect(names(listing) == odd.sorted { $0.lexicographicallyPrecedes($1) })
    }

    @Test func aLinkShowsItsTarget() throws {
        let temporary = TemporaryDirectory()
        temporary.file("file", size: 1234, modified: 99)
        temporary.directory("directory")
        temporary.link("to-file", to: "file", modified: 5)
        temporary.link("to-directory", to: "directory")
        temporary.link("to-nothing", to: "nothing", modified: 7)
        temporary.link("to-itself", to: "to-itself")
        temporary.fifo("pipe")
        let listing = try DirectoryListing.read(owning: temporary.open(), links: .follow)
        #expect(
            texts(listing) == [
                "directory", "to-directory", "file", "pipe", "to-file", "to-itself", "to-nothing",
            ])
        let kinds: [FileFacts.Kind] = [
            .directory, .directory, .regular, .other, .regular, .other, .other,
        ]
        #expect(listing.entries.map(\.kind) == kinds)
        #expect(listing.entries[4].size == 1234)
        #expect(listing.entries[4].modified == 99)
        #expect(listing.entries[6].size == 7)
        #expect(listing.entries[6].modified == 7)
    }

    @Test(arguments: [LinkRule.beneath, .refuse])
    func aLinkThatIsNotFollowedTellsNothingOfItsTarget(links: LinkRule) throws {
        let temporary = TemporaryDirectory()
        temporary.link("passwd", to: "/etc/passwd", modified: 3)
        temporary.link("etc", to: "/etc")
        let listing = try DirectoryListing.read(owning: temporary.open(), links: links)
        #expect(listing.entries.map(\.kind) == [.other, .other])
        #expect(listing.entries.map(\.size) == [4, 11])
        #expect(listing.entries[1].modified == 3)
    }

    @Test func emptyDirectory() throws {
        let temporary = TemporaryDirectory()
        #expect(
            try DirectoryListing.read(owning: temporary.open(), links: .follow).entries.isEmpty)
    }

    @Test func aFileIsNoDirectory() throws {
        let temporary = TemporaryDirectory()
        temporary.file("file")
        let path = temporary.path + "/file"
        let fd = unsafe path.withCString { unsafe openForReading(CPath(unsafe: $0)) }
        let number = try fd.get()
        let inode = try facts(of: number).get().inode
        #expect(throws: FileError(code: ENOTDIR)) {
            try DirectoryListing.read(owning: Descriptor(owning: number), links: .follow)
        }
        // Closed all the same; by now the number may be another test's.
        #expect((try? facts(of: number).get().inode) != inode)
    }

    @Test func slicesGiveWhatAWholeReadGives() throws {
        let temporary = TemporaryDirectory()
        for index in 0..<50 { temporary.file("f\(index)", size: index) }
        let whole = try DirectoryListing.read(owning: temporary.open(), links: .follow)
        var stream = try DirectoryStream(owning: temporary.open())
        var sliced = DirectoryListing()
        var slices = 0
        while try sliced.take(from: &stream, atMost: 7, links: .follow) { slices += 1 }
        sliced.sort()
        #expect(slices == 52 / 7)
        #expect(names(sliced) == names(whole))
        #expect(whole.entries.count == 50)
    }

    @Test func hundredThousandEntries() throws {
        let temporary = TemporaryDirectory(inMemory: true)
        let directory = try temporary.open()
        for index in 0..<100_000 {
            let fd = unsafe openat(directory.number, "file-\(index).txt", O_WRONLY | O_CREAT, 0o644)
            try #require(fd >= 0, "errno \(errno)")
            close(fd)
        }
        let listing = try DirectoryListing.read(owning: temporary.open(), links: .follow)
        #expect(listing.entries.count == 100_000)
        let found = names(listing)
        #expect(found.first == Array("file-0.txt".utf8))
        #expect(found.last == Array("file-99999.txt".utf8))
        let page = listing.html(path: Array("/".utf8).span, style: .init())
        #expect(page.count(where: { $0 == UInt8(ascii: "\n") }) > 100_000)
        #expect(listing.json().suffix(3) == Array("\r\n]".utf8)[...])
    }
}
