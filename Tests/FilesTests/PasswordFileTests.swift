import Files
import Testing

@Suite struct PasswordFileTests {
    private func hash(of user: String, in text: String) -> String? {
        let bytes = Array(text.utf8)
        return PasswordFile.hash(of: Array(user.utf8).span, in: bytes.span).map {
            String(decoding: bytes[$0], as: UTF8.self)
        }
    }

    static let text = """
        # ann:comment
        ann:$1$a$b
        \r
        #bob:x

        bob:first:a comment:and more
        bob:second
        annabel:{PLAIN}x\r
        nothing
        empty:
        a b:space
        last:end
        """

    @Test(arguments: [
        ("ann", "$1$a$b"), ("bob", "first"), ("annabel", "{PLAIN}x"), ("empty", ""),
        ("a b", "space"), ("last", "end"), ("nothing", nil), ("an", nil), ("Ann", nil),
        ("#bob", nil), ("# ann", nil), ("", nil), ("annabell", nil), ("second", nil),
    ])
    func users(user: String, expected: String?) {
        #expect(hash(of: user, in: Self.text) == expected)
    }

    @Test(arguments: ["", "\n", "a", "a\n", "\n\n\na", "\r\n", "a\r\n:", ":", "b:"])
    func filesWithoutTheUser(text: String) {
        #expect(hash(of: "a", in: text) == nil)
    }

    @Test func lastLineNeedsNoLineEnd() {
        #expect(hash(of: "a", in: "a:") == "")
        #expect(hash(of: "a", in: "b:x\na:y") == "y")
    }
}
