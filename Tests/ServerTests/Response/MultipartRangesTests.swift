import HTTP
import Testing

@testable import Server

@Suite struct MultipartRangesTests {
    private let file = (0..<500).map { UInt8(truncatingIfNeeded: $0 &* 7) }

    private func body(_ ranges: MultipartRanges) -> [UInt8] {
        ranges.segments.flatMap { segment -> [UInt8] in
            switch segment {
            case .bytes(let bytes): bytes
            case .file(let offset, let count): Array(file[Int(offset)..<Int(offset + count)])
            case .listing, .body: []
            }
        }
    }

    @Test(arguments: [
        [ByteRange(start: 0, end: 1), ByteRange(start: 499, end: 500)],
        [
            ByteRange(start: 10, end: 20), ByteRange(start: 0, end: 100),
            ByteRange(start: 7, end: 9),
        ],
        (0..<50).map { ByteRange(start: Int64($0) * 10, end: Int64($0) * 10 + 3) },
    ])
    func lengthEqualsBytes(ranges: [ByteRange]) {
        for type in [[], Array("text/html; charset=utf-8".utf8)] {
            let parts = MultipartRanges(ranges, size: 500, boundary: 12, contentType: type)
            #expect(parts.contentLength == Int64(body(parts).count))
        }
    }

    @Test func theBytesAreNginxs() {
        let parts = MultipartRanges(
            [ByteRange(start: 1, end: 3), ByteRange(start: 5, end: 6)], size: 500, boundary: 42,
            contentType: Array("a/b".utf8))
        let head = "\r\n--00000000000000000042\r\nContent-Type: a/b\r\nContent-Range: bytes "
        let expected =
            Array("\(head)1-2/500\r\n\r\n".utf8) + file[1...2]
            + Array("\(head)5-5/500\r\n\r\n".utf8) + file[5...5]
            + Array("\r\n--00000000000000000042--\r\n".utf8)
        #expect(body(parts) == expected)
    }

    @Test(arguments: [
        (UInt64(0), "00000000000000000000"), (7, "00000000000000000007"),
        (.max, "18446744073709551615"),
    ])
    func boundaryHasTwentyDigits(boundary: UInt64, expected: String) {
        #expect(text { MultipartRanges.write(boundary: boundary, into: &$0) } == expected)
    }
}
