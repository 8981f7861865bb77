import HTTP
import Testing

@Suite struct RequestTargetTests {
    /// Returns the normalized path, or nil if it is refused.
    static func normalize(_ raw: String, mergesSlashes: Bool = true) -> String? {
        var isValid = false
        let result = guarded(raw) { raw in
            written {
                isValid = RequestTarget.normalize(
                    path: raw, mergesSlashes: mergesSlashes, into: &$0)
            }
        }
        return isValid ? result.text : nil
    }

    @Test(
        arguments: [
            ("/", "/"), ("/a/b", "/a/b"), ("/a/b/", "/a/b/"), ("", "/"), ("a", "/a"),
            // RFC 3986, section 2.1: escapes are decoded once.
            ("/%41", "/A"), ("/%2e", "/"), ("/a%20b", "/a b"), ("/%2541", "/%41"), ("/a+b", "/a+b"),
            ("/%C3%bc", "/ü"), ("/%3f", "/?"), ("/%23", "/#"), ("/%25", "/%"), ("/%2f", "/"),
            ("/a%2fb", "/a/b"), ("/a%2F%2fb", "/a/b"), ("/%0a", "/\n"),
            ("/%", nil), ("/%4", nil), ("/%4g", nil), ("/%g4", nil), ("/%00", nil), ("/a%00b", nil),
            ("/a\0b", nil),
            ("/%%41", nil), ("/a%", nil), ("/a%4", nil), ("/%4/", nil),
            // RFC 3986, section 5.2.4: dot segments.
            ("/./a", "/a"), ("/a/.", "/a/"), ("/.", "/"), ("/a/./b/.", "/a/b/"), ("/..a", "/..a"),
            ("/a/../b", "/b"), ("/a/..", "/"), ("/a/b/..", "/a/"), ("/a/b/../..", "/"),
            ("/a/b/../../c", "/c"), ("/a./b", "/a./b"), ("/a../b", "/a../b"), ("/...", "/..."),
            ("/.../b", "/.../b"), ("/.a", "/.a"), ("/..%61", "/..a"), ("/.%2fa", "/a"),
            ("/a/%2e%2e/b", "/b"), ("/a/.%2E", "/"), ("/a/%2e%2e%2fb", "/b"), ("/.%3f", "/.?"),
            ("/..%3f", "/..?"), ("/..%25", "/..%"),
            ("/..", nil), ("/../a", nil), ("/a/../..", nil), ("/%2e%2e", nil),
            ("/%2e%2e/%2e%2e", nil),
            ("/./..", nil), ("/a/../../b", nil), ("/..%2f", nil), ("..", nil), ("//..", nil),
            ("/a/..//..", nil),
            // The end of a path.
            ("/a#b", "/a"), ("/a?b", "/a"), ("/a/..#b", "/"), ("/a/..?b", "/"), ("/..#b", nil),
            ("/.#b", "/"), ("#", "/"), ("/a#%", "/a"),
            // merge_slashes.
            ("//", "/"), ("//a///b//", "/a/b/"), ("/a//../b", "/b"), ("/.//a", "/a"),
        ] as [(String, String?)])
    func pathIsNormalized(raw: String, expected: String?) {
        #expect(Self.normalize(raw) == expected)
    }

    @Test(
        arguments: [
            ("//", "//"), ("//a///b//", "//a///b//"), ("/a//../b", "/a/b"), ("//..", "/"),
            ("/a/..//..", "/"), ("//../..", nil), ("/a%2f%2fb", "/a//b"), ("/.//a", "//a"),
        ] as [(String, String?)])
    func slashesAreKeptWithoutMerging(raw: String, expected: String?) {
        #expect(Self.normalize(raw, mergesSlashes: false) == expected)
    }

    @Test func anOverflowIsRefused() {
        var isValid = true
        _ = guarded("/abc") { raw in
            written(capacity: 3) {
                isValid = RequestTarget.normalize(path: raw, mergesSlashes: true, into: &$0)
            }
        }
        #expect(!isValid)
    }

    @Test func earlierOutputIsKept() {
        var isValid = false
        let result = guarded("/a/../b") { raw in
            written {
                $0.append("/root")
                isValid = RequestTarget.normalize(path: raw, mergesSlashes: true, into: &$0)
            }
        }
        #expect(isValid && result.text == "/root/b")
        _ = guarded("/../b") { raw in
            written {
                $0.append("/root")
                isValid = RequestTarget.normalize(path: raw, mergesSlashes: true, into: &$0)
            }
        }
        #expect(!isValid)
    }

    /// Random paths of special bytes: the result stays within the root, and is the same as that of
    /// a simple algorithm.
    @Test func randomPaths() {
        let pieces = [
            "/", "/", ".", ".", "..", "%2e", "%2F", "a", "%61", "%25", "+", "?", "#", "ü",
        ]
        let seed: UInt64 = 7
        var random = SeededGenerator(seed: seed)
        var counts = (valid: 0, refused: 0)
        for round in 0..<20_000 {
            var raw = "/"
            for _ in 0..<Int.random(in: 0..<8, using: &random) {
                raw += pieces[Int.random(in: 0..<pieces.count, using: &random)]
            }
            guard let path = Self.normalize(raw) else {
                counts.refused += 1
                continue
            }
            counts.valid += 1
            let segments = path.split(separator: "/", omittingEmptySubsequences: false)
            #expect(
                path.hasPrefix("/") && !path.contains("//"), "seed \(seed), round \(round), \(raw)")
            #expect(
                !segments.contains(".") && !segments.contains(".."),
                "seed \(seed), round \(round), \(raw)")
            #expect(path.utf8.count <= raw.utf8.count)
        }
        #expect(counts.valid > 5000 && counts.refused > 500)
    }

    @Test(arguments: [
        ("/a-b.c_d~e", "/a-b.c_d~e"), ("/a b", "/a%20b"), ("/%41?#", "/%2541%3F%23"),
        ("/ü", "/%C3%BC"), ("/\"<>\\^`{|}\u{7f}\u{1}", "/%22%3C%3E%5C%5E%60%7B%7C%7D%7F%01"),
        ("/!$&'()*+,;=:@[]", "/!$&'()*+,;=:@[]"), ("", ""),
    ])
    func escapingURIs(path: String, expected: String) {
        #expect(
            guarded(path) { path in written { RequestTarget.escape(uri: path, into: &$0) } }.text
                == expected)
    }

    @Test(arguments: [
        ("/a-b.c_d~e", "/a-b.c_d~e"), ("a b", "a%20b"), ("ü", "%C3%BC"),
        ("!\"#$%&'()*+,", "!%22%23$%25%26'()*%2B,"), (":;<=>?@", ":%3B%3C=%3E%3F@"),
        ("[\\]^`{|}\u{7f}\u{1}", "[%5C]%5E%60%7B%7C%7D%7F%01"), ("AZaz09", "AZaz09"), ("", ""),
    ])
    func escapingArguments(text: String, expected: String) {
        #expect(
            guarded(text) { text in written { RequestTarget.escape(arguments: text, into: &$0) } }
                .text == expected)
    }

    @Test(arguments: [
        ("a-b.c_d~e", "a-b.c_d~e"), ("a b/c", "a%20b%2Fc"), ("ü", "%C3%BC"),
        ("!\"#$%&'()*+,", "%21%22%23%24%25%26%27%28%29%2A%2B%2C"),
        (":;<=>?@[\\]^`{|}\u{7f}", "%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D%7F"),
        ("AZaz09", "AZaz09"),
    ])
    func escapingComponents(name: String, expected: String) {
        #expect(
            guarded(name) { name in written { RequestTarget.escape(component: name, into: &$0) } }
                .text == expected)
    }

    @Test(arguments: [("a<b>&\"'c", "a&lt;b&gt;&amp;&quot;&#39;c"), ("", ""), ("ü", "ü")])
    func escapingHTML(value: String, expected: String) {
        #expect(
            guarded(value) { value in written { $0.append(html: value) } }
                .text == expected)
    }
}
