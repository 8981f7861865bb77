import Foundation
import Testing

/// Selection of a location by the path, and the resulting file.
@Suite struct LocationTests {
    @Test(arguments: [
        ("/images/logo.txt", "prefix"), ("/images/", "index of prefix"),
        ("/images/exact.txt", "exact"), ("/other.txt", "root"),
        ("/images/deep/logo.txt", "longer"), ("/imagesque.txt", "root of imagesque"),
    ])
    func mostSpecificLocationIsSelected(target: String, text: String) throws {
        let server = try TestServer(
            """
            location / { root DIR/root/r; }
            location /images/ { root DIR/root/p; }
            location /images/deep/ { root DIR/root/d; }
            location = /images/exact.txt { root DIR/root/e; }
            """,
            files: [
                "r/other.txt": "root", "r/imagesque.txt": "root of imagesque",
                "p/images/logo.txt": "prefix", "p/images/index.html": "index of prefix",
                "p/images/exact.txt": "wrong", "d/images/deep/logo.txt": "longer",
                "e/images/exact.txt": "exact", "r/images/logo.txt": "wrong",
            ])
        #expect(try server.fetch(target).text == text)
    }

    /// A regular expression that takes too long is an error of the configuration; the log names it.
    @Test(.enabled(if: Product.isApus, "nginx's limit is a higher one"), arguments: ["/l", "/r"])
    func regexThatHitsItsLimitIsNamed(path: String) throws {
        let server = try TestServer(
            """
            location ~ "^/l(a|aa|aaa)+$" { return 200; }
            location /r { rewrite "^/r(a|aa|aaa)+$" /x; }
            """)
        let target = path + String(repeating: "a", count: 60) + "b"
        #expect(try server.fetch(target).status == 500)
        for text in ["took too many steps on \"\(target)\"", "^\(path)(a|aa|aaa)+$", "test.conf:"] {
            try server.waitForError(text)
        }
    }

    @Test func orderOfPrefixLocationsIsIrrelevant() throws {
        let server = try TestServer(
            """
            location /a/b/ { alias ROOT/2/; }
            location ^~ /a/b/c/ { alias ROOT/3/; }
            location /a/ { alias ROOT/1/; }
            location = /a/b/c/x { alias ROOT/4/x; }
            """,
            files: ["1/x": "1", "2/x": "2", "3/x": "3", "4/x": "4", "3/y": "3y"])
        #expect(try server.fetch("/a/x").text == "1")
        #expect(try server.fetch("/a/b/x").text == "2")
        #expect(try server.fetch("/a/b/c/y").text == "3y")
        #expect(try server.fetch("/a/b/c/x").text == "4")
    }

    @Test func nestedLocationsInherit() throws {
        let server = try TestServer(
            """
            location /a/ {
                root ROOT/outer;
                default_type text/x-outer;
                location /a/b/ { default_type text/x-inner; }
                location = /a/exact { default_type text/x-exact; }
            }
            """,
            files: ["outer/a/f": "f", "outer/a/b/f": "bf", "outer/a/exact": "e"])
        #expect(try server.fetch("/a/f")["Content-Type"] == "text/x-outer")
        let inner = try server.fetch("/a/b/f")
        #expect(inner.text == "bf")
        #expect(inner["Content-Type"] == "text/x-inner")
        #expect(try server.fetch("/a/exact")["Content-Type"] == "text/x-exact")
    }

    @Test func locationsMatchTheDecodedPath() throws {
        let server = try TestServer(
            "location /a/ { alias ROOT/found/; }", files: ["found/x": "found"])
        #expect(try server.fetch("/%61/x").text == "found")
        #expect(try server.fetch("//a//x").text == "found")
        #expect(try server.fetch("/b/../a/./x").text == "found")
        #expect(try server.fetch("/A/x").status == 404)
    }

    @Test(arguments: [
        ("/with/x.txt", 200, "x"), ("/with/", 200, "index"), ("/without/x.txt", 200, "x"),
        ("/withoutx.txt", 404, nil), ("/file", 200, "x"), ("/with", 404, nil),
        ("/with/../with/x.txt", 200, "x"),
    ])
    func aliasReplacesLocationName(target: String, status: Int, text: String?) throws {
        let server = try TestServer(
            """
            location /with/ { alias ROOT/target/; }
            location /without { alias ROOT/target; }
            location = /file { alias ROOT/target/x.txt; }
            """, files: ["target/x.txt": "x", "target/index.html": "index"])
        let response = try server.fetch(target)
        #expect(response.status == status)
        if let text { #expect(response.text == text) }
    }

    @Test func directoryBelowAliasRedirectsWithURLPath() throws {
        let server = try TestServer(
            "location /with/ { alias ROOT/target/; }", files: ["target/sub/a": "x"])
        #expect(
            try server.fetch("/with/sub")["Location"]
                == "http://localhost:\(server.port)/with/sub/")
    }

    @Test func nestedLocationInheritsAlias() throws {
        let server = try TestServer(
            """
            location /y/ {
                alias ROOT/other/;
                location /y/z/ { }
                location ~ /y/r { alias ROOT/w; }
            }
            """,
            files: ["other/z/a": "nested", "w": "whole"])
        #expect(try server.fetch("/y/z/a").text == "nested")
        #expect(try server.fetch("/y/r").text == "whole")
    }
}
