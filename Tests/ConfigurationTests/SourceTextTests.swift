import Testing

@testable import Configuration

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("", ""), ("plain \\x0A \"text\"~", "plain \\x0A \"text\"~"),
        ("a\nb\r\tc\0\u{1B}[31m\u{7F}", "a\\x0Ab\\x0D\\x09c\\x00\\x1B[31m\\x7F"),
        // C1: next line, control sequence introducer, operating system command.
        (
            "\u{80}\u{85}\u{9B}31m\u{9D}\u{9F}",
            "\\xC2\\x80\\xC2\\x85\\xC2\\x9B31m\\xC2\\x9D\\xC2\\x9F"
        ),
        // Bidirectional controls.
        ("a\u{202E}fdp.exe", "a\\xE2\\x80\\xAEfdp.exe"),
        ("\u{061C}\u{200E}\u{200F}", "\\xD8\\x9C\\xE2\\x80\\x8E\\xE2\\x80\\x8F"),
        // Zero width, separators of lines and paragraphs, byte order mark, soft hyphen, a tag.
        ("\u{200B}\u{2028}\u{2029}", "\\xE2\\x80\\x8B\\xE2\\x80\\xA8\\xE2\\x80\\xA9"),
        ("\u{FEFF}\u{AD}\u{E0041}", "\\xEF\\xBB\\xBF\\xC2\\xAD\\xF3\\xA0\\x81\\x81"),
        // Text in any script is unchanged.
        ("\u{A0}\u{A1}é \u{5D0}\u{4E2D} \u{1F426}", "\u{A0}\u{A1}é \u{5D0}\u{4E2D} \u{1F426}"),
    ])
    func escapes(text: String, expected: String) {
        #expect(VisibleText.escaped(text) == expected)
    }

    @Test func tabsAreKeptOnRequest() {
        #expect(VisibleText.escaped("a\tb\n\u{85}", keepingTabs: true) == "a\tb\\x0A\\xC2\\x85")
    }

    /// Characters that could deceive a terminal or a reader.
    @Test(
        arguments: [
            0x00...0x1F, 0x7F...0x9F, 0x61C...0x61C, 0x200B...0x200F, 0x2028...0x202E,
            0x2060...0x2064, 0x2066...0x206F, 0xFEFF...0xFEFF, 0xFFF9...0xFFFB, 0xE0020...0xE007F,
        ] as [ClosedRange<UInt32>])
    func isInvisible(range: ClosedRange<UInt32>) throws {
        for number in range {
            let scalar = try #require(Unicode.Scalar(number))
            let shown = VisibleText.escaped("<\(scalar)>")
            #expect(VisibleText.isInvisible(scalar), "\(number)")
            #expect(shown.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }, "\(number)")
        }
    }
}
