import Testing

@testable import Server

/// ngx_unescape_uri with NGX_UNESCAPE_REDIRECT.
@Suite struct RedirectTextTests {
    @Test(arguments: [
        ("", ""), ("/a", "/a"), ("/%41%7e", "/A~"), ("/%7E%7f%80%25%24%26", "/~%7f%80%25%24&"),
        // Up to the first question mark, escaped or not.
        ("/%41?%41", "/A?%41"), ("/%3F%41", "/?%41"), ("/%3f%41", "/?%41"),
        // Invalid escapes: the percent sign is dropped, and a digit together with the byte after
        // it.
        ("/%", "/"), ("/%4", "/"), ("/%zz", "/zz"), ("/%4z%41", "/A"), ("/%%41", "/%41"),
        ("/%?a=%41", "/?a=A"), ("/%4?y%41", "/yA"), ("/%2/%/x", "//x"),
    ])
    func escapesAreDecodedAsInNginx(text: String, expected: String) {
        let result = RedirectText.unescaped(Array(text.utf8))
        #expect(String(decoding: result, as: UTF8.self) == expected)
    }
}
