import Foundation
import Glibc
import Testing

@testable import Server

/// Every variable and directive that uses a path, with paths chosen by clients: no worker dies, or
/// makes a system call that the sandbox does not allow.
@Suite(.enabled(if: Product.isApus, "nginx has no sandbox"))
struct OddPathTests {
    /// Below a root: trailing slashes, `.` and `..`, links whose targets contain those, files in
    /// place of directories, names that are too long, and empty ones.
    static let paths: [String] = [
        "", "/", "//", "/.", "/..", "/./", "/../", "/a", "/a/", "/a/.", "/a/..", "/a/../", "/none",
        "/none/", "/none/..", "/none/../a", "/d", "/d/", "/d//", "/d/.", "/d/..", "/d/../",
        "/d/./b", "/d/../a", "/./d/./", "/up", "/up/", "/up/..", "/here", "/here/", "/here/.",
        "/slash", "/slash/", "/slash/..", "/odd", "/odd/", "/odd/b", "/loop", "/loop/", "/loop/..",
        "/dangling", "/dangling/", "/file-link", "/file-link/", "/file-link/..", "/closed/",
        "/closed/x", "/fifo", "/fifo/", "/\u{fc}\u{301}", "/a b", "/a\\b", "/*", "/~", "/$uri",
        "/%",
        "/" + String(repeating: "n", count: 255), "/" + String(repeating: "n", count: 256),
        "/" + String(repeating: "n", count: 3000), String(repeating: "/d/..", count: 500),
        String(repeating: "/..", count: 500), String(repeating: "/.", count: 1500),
        String(repeating: "/loop", count: 50), String(repeating: "/", count: 2500),
        String(repeating: "/none", count: 400),
    ]

    /// All variables, so that new ones are tested without being listed here.
    private static let variables =
        VariableList.names
        + ["http_", "sent_http_", "arg_", "cookie_", "sent_trailer_"].map { $0 + "p" }

    private static let steps = """
        location /text { return 200 "ALL $mapped"; }
        location /files/ { autoindex on; index $arg_p index.html; add_header X "$realpath_root"; }
        location /json/ { alias ROOT/; autoindex on; autoindex_format json; }
        location /try/ { try_files $arg_p $arg_p/ $realpath_root $uri $uri/ =404; }
        location /if {
            if (-f $arg_p) { set $a f; }
            if (-d $arg_p) { set $a d; }
            if (-e $arg_p) { set $a e; }
            if (-x $arg_p) { set $a x; }
            if (!-e $realpath_root) { set $a n; }
            return 200 "$a";
        }
        location /alias { alias $arg_p; autoindex on; }
        location ~ ^/captured(.*)$ { alias ROOT$1; }
        location /rewritten { rewrite ^ $arg_p; }
        location /linked/ { disable_symlinks on from=$document_root; alias ROOT/; }
        location /owned/ { disable_symlinks if_not_owner; alias ROOT/; }
        location /beneath/ { symlinks beneath; alias ROOT/; }
        location /packed/ { gzip_static always; gunzip on; alias ROOT/; }
        location /coded/ { gzip on; gzip_min_length 0; alias ROOT/; charset utf-8; }
        location /private/ { auth_basic x; auth_basic_user_file $arg_p; }
        location /failed/ { error_page 404 $arg_p; return 404; }
        location /random/ { random_index on; alias ROOT/; }
        location /added/ { add_before_body $arg_p; add_after_body /files/a; alias ROOT/; }
        """

    private static let places = [
        "/text", "/files", "/json", "/try", "/if", "/alias", "/captured", "/rewritten", "/linked",
        "/owned", "/beneath", "/packed", "/coded", "/private", "/failed", "/random", "/added",
    ]

    private func server(isRooted: Bool) throws -> TestServer {
        let all = Self.variables.map { "${\($0)}" }.joined(separator: " ")
        let root = isRooted ? "ROOT$arg_p" : "$arg_p"
        return try TestServer(
            configuration: TestServer.configuration(
                "secure_link $arg_p; secure_link_md5 \"$arg_p\"; userid on; "
                    + Self.steps.replacingOccurrences(of: "ALL", with: all),
                http: """
                    log_format all escape=json "\(all)";
                    access_log DIR/all.log all;
                    access_log "DIR/logs$arg_p" all;
                    map $realpath_root $mapped { default "$request_filename"; }
                    """, main: "sandbox require; sandbox_read DIR;", workers: 1
            ).replacingOccurrences(of: "root ROOT;", with: "root \"\(root)\";"),
            files: [
                "a": "a", "d/b": "b", "d/index.html": "index", "closed/x": "x",
            ]
        ) { directory in
            for (name, target) in [
                ("up", "d/.."), ("here", "d/."), ("slash", "d/"), ("odd", "./d/.././d//./"),
                ("loop", "loop"), ("dangling", "none/../a/"), ("file-link", "./a"),
            ] { try directory.link(name, to: target) }
            unsafe mkfifo(directory.root + "/fifo", 0o666)
            unsafe chmod(directory.root + "/closed", 0)
        }
    }

    private static func encoded(_ path: String) -> String {
        path.utf8.map { byte in
            let isPlain = byte > 32 && byte < 127 && !Array("%?#&\\$*~".utf8).contains(byte)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%" + String(Int(byte) + 256, radix: 16).suffix(2)
        }.joined()
    }

    @Test(arguments: [true, false])
    func oddPathsKillNoWorker(isRooted: Bool) throws {
        let server = try server(isRooted: isRooted)
        let worker = try server.waitForWorkers(1)
        for path in Self.paths {
            let text = Self.encoded(path)
            for place in Self.places {
                for method in ["GET", "HEAD", "POST"] where method == "GET" || place == "/files" {
                    let client = try server.connect()
                    try client.request(
                        "\(method) \(place)\(text)?p=\(text) HTTP/1.1",
                        ["Connection: close", "Authorization: Basic dTpw"])
                    let status = try? client.response(to: method).status
                    // A header that is too large may be refused by a reset.
                    if text.utf8.count < 1000 {
                        #expect(status != nil, "\(place) \(path)")
                    }
                }
            }
        }
        #expect(server.workers == worker)
        try server.end()
        #expect(!server.errorLog.contains("in the sandbox"))
        #expect(!server.errorLog.contains("exited on signal"))
    }

    @Test func allPathUsesAreCovered() throws {
        let variables = Self.variables
        #expect(variables.count > 100)
        for name in ["realpath_root", "request_filename", "ssl_cipher", "arg_p"] {
            #expect(variables.contains(name))
        }
    }
}
