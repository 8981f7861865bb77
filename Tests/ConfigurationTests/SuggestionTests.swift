import Testing

@testable import Configuration

@Suite struct SuggestionTests {
    @Test(
        arguments: [
            ("rooot", "root"), ("root_", "root"), ("lisetn", "listen"), ("Listen", "listen"),
            ("SERVER_NAME", "server_name"), ("servername", "server_name"), ("fi", "if"),
            ("sevrer", "server"), ("add_headers", "add_header"), ("xyz", nil), ("", nil),
            ("completely_other", nil), ("r", nil),
        ] as [(String, String?)])
    func nearest(word: String, expected: String?) {
        let names = ["add_header", "if", "listen", "root", "server", "server_name"]
        #expect(Suggestion.nearest(to: word, among: names) == expected)
    }

    @Test(arguments: [
        ("", "", 0), ("a", "", 1), ("", "ab", 2), ("ab", "ba", 1), ("abc", "abd", 1),
        ("kitten", "sitting", 3), ("ca", "abc", 3), ("abcd", "acbd", 1),
    ])
    func distance(left: String, right: String, expected: Int) {
        #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == expected)
    }
}
