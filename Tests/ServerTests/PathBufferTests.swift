import Linux
import Testing

@testable import Server

@Suite struct PathBufferTests {
    /// The text and whether it is too long, after appending pieces to room for 8 bytes.
    private func path(_ pieces: [String]) -> (text: String, isTooLong: Bool) {
        var path = PathBuffer(capacity: 8)
        for piece in pieces { path.append(Array(piece.utf8).span) }
        return (path.text, path.isTooLong)
    }

    @Test(arguments: [
        ([], "", false), (["/a", "/b"], "/a/b", false), (["1234567"], "1234567", false),
        (["1234567", ""], "1234567", false), (["12345678"], "", true),
        (["1234", "5678"], "1234", true), (["123456", "7"], "1234567", false),
        // What fits after what did not changes nothing: the path is not that file's.
        (["1234", "5678", "5"], "12345", true),
    ])
    func oneByteStaysFreeForTheNUL(pieces: [String], expected: String, isTooLong: Bool) {
        #expect(path(pieces) == (expected, isTooLong))
    }

    @Test func itIsUsedAgain() {
        var path = PathBuffer(capacity: 8)
        path.append("too long for it")
        path.removeAll()
        let cleared = (path.count, path.isTooLong)
        #expect(cleared == (0, false))
        path.append("/abc")
        path.truncate(to: 2)
        let cut = path.text
        #expect(cut == "/a")
        path.truncate(to: 100)
        path.truncate(to: -1)
        let empty = path.count
        #expect(empty == 0)
    }

    @Test(arguments: [(0, true), (5, true), (-3, true), (99, false)])
    func theKernelGetsItFromAnyPlace(start: Int, isThere: Bool) {
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
