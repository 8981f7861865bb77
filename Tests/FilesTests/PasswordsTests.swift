import Files
import Testing

@Suite struct PasswordHashTests {
    private func check(_ password: String, _ hash: String) -> PasswordHash.Verdict {
        PasswordHash.check(Array(password.utf8).span, against: Array(hash.utf8).span)
    }

    /// Generated with `openssl passwd`, crypt(3) and Python's hashlib.
    static let known = [
        ("password", "$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1"),
        ("", "$apr1$ab$S8K6Sgp3W8c9Jb6LxgywZ."), ("x", "$apr1$Zz./1234$4oWQy3SCSO/zvgNu9i/OY."),
        (
            "correct horse battery staple long password 123456",
            "$apr1$Zz./1234$uGkhl.XzDtilyrHPsHL6c0"
        ),
        ("secret", "{PLAIN}secret"), ("", "{PLAIN}"), ("pässword", "{PLAIN}pässword"),
        ("secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="),
        ("secret", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0"),
        ("secret", "$1$saltsalt$9xy1btjgzLYfb7hivXtC//"),
        ("secret", "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"),
        ("secret", "$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA"),
        (
            "secret",
            "$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77vw"
                + "PZN.Pq.H91p5hVO1"
        ),
        ("secret", "$y$j9T$abcdefghijkl$XFQnRmFDoRnfefa6tLCdzcaB9xoGhmmkRgfG1lm0pK1"),
        ("secret", "abNANd1rDfiNc"),
    ]

    @Test(arguments: known)
    func match(password: String, hash: String) {
        #expect(check(password, hash) == .match)
        #expect(check(password + "\u{0}behind", hash) == .match)
        #expect(check("another", hash) == .mismatch)
        #expect(check(password, hash + "x") == .mismatch)
    }

    @Test(arguments: [
        // A hash is not its own password, and the error values of crypt(3) match nothing.
        ("", ""), ("*0", "*0"), ("*1", "*1"), ("secret", "secret"), ("x", "{"), ("x", "{MD5}x"),
        ("x", "$apr1$"), ("x", "$apr1$$"), ("x", "{SSHA}"), ("x", "{SSHA}c2hvcnQ="),
        ("x", "{SSHA}!"), ("secret", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ"), ("x", "$99$x$x"),
        ("secret", "{plain}secret"),
    ])
    func mismatch(password: String, hash: String) {
        #expect(check(password, hash) == .mismatch)
    }

    @Test func tooLongPasswordMatchesNothing() {
        let long = String(repeating: "x", count: PasswordHash.maxPasswordLength)
        #expect(check(long, "{PLAIN}" + long) == .mismatch)
        let hash = "{PLAIN}" + long.prefix(PasswordHash.maxHashLength - 7)
        #expect(check(String(hash.dropFirst(7)), hash) == .match)
        #expect(check(long, "$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1") == .mismatch)
        #expect(check(long, "$1$saltsalt$9xy1btjgzLYfb7hivXtC//") == .mismatch)
    }

    @Test(arguments: [
        ("{PLAIN}x", false), ("{SHA}x", false), ("{SSHA}x", false), ("$apr1$x$x", true),
        ("$1$x$x", true), ("$y$x", true), ("ab", true), ("", true), ("{sha}", true),
    ])
    func slowHashesAreRecognized(hash: String, isSlow: Bool) {
        #expect(PasswordHash.isSlow(Array(hash.utf8).span) == isSlow)
    }
}

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
    func userNameSelectsLine(user: String, expected: String?) {
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
