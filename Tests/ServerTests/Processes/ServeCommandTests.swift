import Foundation
import Linux
import Testing

@testable import Server

@Suite struct ServeTextTests {
    private func lines(
        _ name: String, root: String = "/srv", at address: ListenAddress = loopback,
        hosts: [String] = []
    ) -> [String] {
        let text = ServeText.configuration(root: root, address: address, hosts: hosts, workers: 2)
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }
            .filter { $0.hasPrefix(name + " ") }.map(String.init)
    }

    private static let loopback = ListenAddress.ipv4(0x7F00_0001, port: 8000)

    @Test(arguments: [
        ("/srv/site", "/srv/site"),
        ("/srv/my site; {}#'", "/srv/my site; {}#'"),
        ("/a\"b", "/a\\\"b"),
        ("/a\\b", "/a\\\\b"),
        ("/a\\\"", "/a\\\\\\\""),
        ("/ä😀", "/ä😀"),
        ("/a\\n", "/a\\\\n"),
        ("/a$b$$", "/a${dollar}b${dollar}${dollar}"),
    ])
    func namesAreQuoted(root: String, quoted: String) {
        #expect(lines("root", root: root) == ["root \"\(quoted)\";"])
        #expect(lines("geo", root: root).count == (root.contains("$") ? 1 : 0))
    }

    @Test(arguments: [
        ("daemon", "daemon off;"), ("worker_processes", "worker_processes 2;"),
        ("autoindex", "autoindex on;"), ("absolute_redirect", "absolute_redirect off;"),
        ("hidden_files", "hidden_files deny;"), ("symlinks", "symlinks beneath;"),
        ("error_log", "error_log stderr;"), ("access_log", "access_log /dev/stdout readable;"),
    ])
    func promisedFeaturesAreConfigured(name: String, expected: String) {
        #expect(lines(name) == [expected])
    }

    @Test(
        arguments: [
            (loopback, true), (.ipv4(0x7F01_0203, port: 80), true), (.ipv6(0, 1, port: 80), true),
            (.ipv6(0, 0xFFFF_7F00_0001, port: 80), true), (.ipv4(0, port: 8000), false),
            (.ipv4(0x0A00_0001, port: 8000), false), (.ipv6(0, 0, port: 8000), false),
            (.ipv6(0, 2, port: 8000), false), (.unix("/s"), false),
        ] as [(ListenAddress, Bool)])
    func hostsAreCheckedOnLoopbackOnly(address: ListenAddress, isChecked: Bool) {
        let listens = lines("listen", at: address)
        let names = lines("server_name", at: address, hosts: ["a.test", "[::2]"])
        #expect(listens.last == "listen \"\(address)\";")
        #expect(lines("return", at: address).count == (isChecked ? 1 : 0))
        guard isChecked else {
            #expect(listens.count == 1 && names.isEmpty)
            return
        }
        #expect(listens.first == "listen \"\(address)\" default_server;")
        #expect(names.last?.hasSuffix(" \"a.test\" \"[::2]\";") == true)
    }

    @Test(arguments: [loopback, .unix("/s")])
    func textIsValidConfiguration(address: ListenAddress) {
        let text = ServeText.configuration(root: "/s$", address: address, hosts: [], workers: 1)
        let plain = text.filter { $0 == "{" }.count - text.filter { $0 == "}" }.count
        #expect(plain == 0)
        for line in text.split(separator: "\n") {
            let word = line.drop { $0 == " " }
            let isComplete = [";", "{", "}"].contains { line.hasSuffix($0) }
            #expect(isComplete || word.hasPrefix("#") || word.hasPrefix("gzip_types"), "\(line)")
        }
        let request = LoadRequest(path: "apus serve", text: Array(text.utf8), prefix: "/usr")
        let outcome = ConfigurationLoader.load(request)
        #expect(outcome.plan != nil && outcome.report.isEmpty, "\(outcome.report)")
    }
}

@Suite struct ServedDirectoryTests {
    /// A link keeps its name; only a path before `..` is resolved, since `..` is not the parent by
    /// name.
    @Test func namesAreNotResolved() throws {
        let directory = try TemporaryDirectory()
        let path = try #require(realPath(directory.path))
        let files = FileManager.default
        try files.createDirectory(atPath: path + "/one/deep", withIntermediateDirectories: true)
        try files.createSymbolicLink(atPath: path + "/link", withDestinationPath: "one/deep")
        for (operand, root) in [
            ("/link", "/link"), ("/link/", "/link"), ("//.//link/.", "/link"), ("", ""),
            ("/link/../", "/one"), ("/link/../deep", "/one/deep"), ("/one/../link", "/link"),
        ] {
            let served = try ServedDirectory(path + operand)
            #expect(served.root == path + root, "\(operand)")
            #expect(served.name == path + root, "\(operand)")
        }
        #expect(try ServedDirectory("/").root == "/")
        #expect(try ServedDirectory(".").root == FileManager.default.currentDirectoryPath)
    }

    @Test func fileIsRefused() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.path + "/file"))
        for name in ["/file", "/none", "/file/..", "/none/.."] {
            #expect(throws: SystemError.self) { try ServedDirectory(directory.path + name) }
        }
    }

    private func realPath(_ path: String) -> String? {
        guard case .success(let real) = withCPath(Array(path.utf8), { Linux.realPath($0) }) else {
            return nil
        }
        return String(decoding: real, as: UTF8.self)
    }
}
