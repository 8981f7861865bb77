import Foundation
import HTTP
import Testing

@testable import Server

@Suite struct LogEscapeTests {
    @Test(
        arguments: [
            ([], ""), (Array("plain é 水 🐦".utf8), "plain é 水 🐦"),
            ([0x22, 0x5C, 0x0A, 0x00, 0x7F], "\\\"\\\\\\n\\u0000\u{7F}"),
            ([0xFF], "\\u00FF"), ([0xC3], "\\u00C3"), ([0xC3, 0x28], "\\u00C3("),
            // Overlong forms, surrogates, and values beyond the last character.
            ([0xC0, 0x80], "\\u00C0\\u0080"), ([0xE0, 0x80, 0x80], "\\u00E0\\u0080\\u0080"),
            ([0xED, 0xA0, 0x80], "\\u00ED\\u00A0\\u0080"),
            ([0xF4, 0x90, 0x80, 0x80], "\\u00F4\\u0090\\u0080\\u0080"),
            ([0xF0, 0x9F, 0x90], "\\u00F0\\u009F\\u0090"),
        ] as [([UInt8], String)])
    func validJSONIsValidForAnyInput(bytes: [UInt8], expected: String) throws {
        let line = written { LogEscape.validJSON(bytes.span, into: &$0) }
        #expect(String(decoding: line, as: UTF8.self) == expected)
        let text = Data([0x5B, 0x22] + line + [0x22, 0x5D])
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: text) }
    }

    @Test func everyPairOfBytesGivesUTF8() throws {
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let line = written { LogEscape.validJSON([first, second].span, into: &$0) }
                try #require(String(validating: line, as: UTF8.self) != nil)
            }
        }
    }

    @Test(arguments: [
        ("a", 1), ("é", 2), ("水", 3), ("🐦", 4), ("\u{10FFFF}", 4), ("\u{7FF}\u{800}", 2),
    ])
    func characterLengthsAreComputed(text: String, length: Int) {
        let found = UTF8Sequence.length(in: Array(text.utf8).span, at: 0)
        #expect(found == length)
    }
}
