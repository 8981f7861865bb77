import Testing

@testable import Server

@Suite struct ProcessesServeTextTests {
    private func line(_ name: String, of directory: [UInt8]) -> String? {
        let text = ServeText.configuration(
            directory: directory, address: .ipv4(0x7F00_0001, port: 8000), workers: 2)
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }
            .first { $0.hasPrefix(name + " ") }.map(String.init)
    }

    @Test(arguments: [
        ("/srv/site", "/srv/site"),
        ("/srv/my site; {}#'", "/srv/my site; {}#'"),
        ("/a\"b", "/a\\\"b"),
        ("/a\\b", "/a\\\\b"),
        ("/a\\\"", "/a\\\\\\\""),
        ("/ä😀", "/ä😀"),
        ("/a\\n", "/a\\\\n"),
        ("/a$b", "/proc/self/cwd"),
    ])
    func anyNameIsQuoted(directory: String, quoted: String) {
        #expect(line("root", of: Array(directory.utf8)) == "root \"\(quoted)\";")
    }

    @Test func whatIsNoTextIsTheWorkingDirectory() {
        #expect(line("root", of: [0x2F, 0xFF]) == "root \"/proc/self/cwd\";")
    }

    @Test(arguments: [
        ("daemon", "daemon off;"), ("worker_processes", "worker_processes 2;"),
        ("listen", "listen \"127.0.0.1:8000\";"), ("autoindex", "autoindex on;"),
        ("hidden_files", "hidden_files deny;"), ("symlinks", "symlinks beneath;"),
        ("error_log", "error_log stderr;"), ("access_log", "access_log /dev/stdout readable;"),
    ])
    func whatIsPromisedIsConfigured(name: String, expected: String) {
        #expect(line(name, of: Array("/srv".utf8)) == expected)
    }

    @Test func bracesAndSemicolonsAreInOrder() {
        let text = ServeText.configuration(
            directory: Array("/srv".utf8), address: .unix("/s"), workers: 1)
        #expect(text.filter { $0 == "{" }.count == text.filter { $0 == "}" }.count)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let isComplete = [";", "{", "}"].contains { line.hasSuffix($0) }
            #expect(isComplete || line.hasPrefix("    gzip_types"), "\(line)")
        }
    }
}
