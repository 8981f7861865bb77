import HTTP
import Linux
import Testing

@testable import Server

@Suite struct PathBufferTests {
    /// Appends pieces to a buffer for 8 bytes. Returns the text, and whether it is too long.
    private func path(_ pieces: [String]) -> (text: String, isTooLong: Bool) {
        var path = PathBuffer(capacity: 8)
        for piece in pieces { path.append(Array(piece.utf8).span) }
        return (path.text, path.fault == Errno.nameTooLong)
    }

    @Test(arguments: [
        ([], "", false), (["/a", "/b"], "/a/b", false), (["1234567"], "1234567", false),
        (["1234567", ""], "1234567", false), (["12345678"], "", true),
        (["1234", "5678"], "1234", true), (["123456", "7"], "1234567", false),
        // A piece that would fit after one that did not is not appended: the path would be another
        // file's.
        (["1234", "5678", "5"], "12345", true),
    ])
    func oneByteStaysFreeForTheNUL(pieces: [String], expected: String, isTooLong: Bool) {
        #expect(path(pieces) == (expected, isTooLong))
    }

    @Test func bufferIsReused() {
        var path = PathBuffer(capacity: 8)
        path.append("too long for it")
        path.removeAll()
        let cleared = (path.count, path.fault)
        #expect(cleared == (0, 0))
        path.append("/abc")
        path.truncate(to: 2)
        let cut = path.text
        #expect(cut == "/a")
        path.truncate(to: 100)
        path.truncate(to: -1)
        let empty = path.count
        #expect(empty == 0)
    }

    /// Rows: a root, the number of its `..` segments from the configuration, and the text that
    /// follows it.
    @Test(arguments: [
        ("/srv", 0, "/a", false), ("/srv", 0, "/a/..b/...", false), ("/srv", 0, "/a/../b", true),
        ("/srv", 0, "/a/..", true), ("/srv/img/", 0, "../x", true), ("/srv/../www", 1, "/a", false),
        ("/srv/../www", 1, "/../a", true), ("/srv/../www", 0, "/a", true),
        ("/srv/..", 1, "/a", false), ("/srv/..", 1, "/../a", true),
        // An alias that does not end in a slash: the text after it becomes part of its last name.
        ("/srv/.", 0, "./secret", true), ("/srv/.", 0, "/a", false),
        ("/srv/..", 1, "x/../secret", true), ("/srv/..", 1, "x/secret", false),
        ("", 0, "../a", true), ("..", 1, "/a", false), ("/srv/", 0, "", false),
    ])
    func foreignParentSegmentLeavesRoot(
        root: String, written: Int, rest: String, leaves: Bool
    ) {
        var path = PathBuffer()
        path.begin(withRoot: Array(root.utf8).span, writtenParents: written)
        path.append(Array(rest.utf8).span)
        let leavesRoot = path.leavesRoot
        #expect(leavesRoot == leaves)
        let rootCount = path.rootCount
        #expect(rootCount == root.utf8.count)
    }

    /// The number of `..` segments of a literal that adjacent variables can neither break nor
    /// complete.
    @Test(arguments: [
        ("/srv/../www/", true, false, 1), ("../www/", true, false, 1), ("/../", false, false, 1),
        ("/..", false, false, 0), ("/..", false, true, 1), ("../", false, false, 0),
        ("..", true, true, 1), ("..", true, false, 0), ("..", false, true, 0),
        ("/a/../../b", true, true, 2), ("", false, false, 0), ("/", false, false, 0),
    ])
    func wholeParentSegmentsOfLiterals(text: String, isFirst: Bool, isLast: Bool, count: Int) {
        let bytes = Array(text.utf8)
        #expect(bytes.span.wholeParentSegments(isFirst: isFirst, isLast: isLast) == count)
    }

    @Test(arguments: [(0, true), (5, true), (-3, true), (99, false)])
    func pathIsTerminatedFromAnyOffset(start: Int, isThere: Bool) {
        var path = PathBuffer()
        path.append("/proc/self/exe")
        let base: Int32? = nil
        let result =
            start == 5
            ? openForReading(path.terminated(from: 0), in: base)
            : openForReading(path.terminated(from: start), in: base)
        switch result {
        case .success(let descriptor):
            closeDescriptor(descriptor)
            #expect(isThere)
        case .failure(let error): #expect(!isThere && error.isMissing)
        }
    }
}
