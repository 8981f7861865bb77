import Foundation
import Testing

/// Characters from clients, file names and configurations in logs and on terminals.
@Suite(.enabled(if: Product.isApus, "nginx writes them as they are")) struct VisibleTextTests {
    /// C1 controls as UTF-8 and as bytes, bidirectional controls, zero-width characters,
    /// separators of lines and paragraphs.
    private static let names: [[UInt8]] =
        (0x80...0x9F).map { [0xC2, UInt8($0)] } + (0x80...0x9F).map { [UInt8($0)] }
        + [
            "\u{061C}", "\u{200B}", "\u{200E}", "\u{200F}", "\u{2028}", "\u{2029}", "\u{202A}",
            "\u{202B}", "\u{202C}", "\u{202D}", "\u{202E}", "\u{2066}", "\u{2067}", "\u{2068}",
            "\u{2069}", "\u{FEFF}", "\u{1B}[31m", "\u{7F}",
        ].map { Array($0.utf8) }

    /// Returns the characters that must not appear in a text, which must be UTF-8.
    private func hidden(in text: [UInt8], _ location: SourceLocation = #_sourceLocation) -> [String]
    {
        let decoded = String(decoding: text, as: UTF8.self)
        #expect(Array(decoded.utf8) == text, "not UTF-8", sourceLocation: location)
        let categories: [Unicode.GeneralCategory] = [
            .control, .format, .lineSeparator, .paragraphSeparator,
        ]
        return decoded.unicodeScalars.filter {
            $0 != "\n" && categories.contains($0.properties.generalCategory)
        }.map { "U+" + String($0.value, radix: 16) }
    }

    @Test func errorLogEscapesRequestsAndPaths() throws {
        let server = try TestServer(
            "location /if/ { if (-f $request_filename/x) { return 200; } }")
        for name in Self.names {
            let escaped = name.map { "%" + String(UInt16($0) | 0x100, radix: 16).dropFirst() }
                .joined()
            _ = try server.fetch("/" + escaped)
            _ = try server.fetch("/if/" + escaped)
            // Unescaped, in the target and in headers; malformed requests are logged too.
            let client = try server.connect()
            try client.send(
                Array("GET /".utf8) + name + Array(" HTTP/1.1\r\nHost: x\r\nReferer: ".utf8) + name
                    + Array("\r\nUser-Agent: ".utf8) + name + Array("\r\n\r\n".utf8))
            _ = try client.response()
        }
        _ = try server.fetch("/the-end")
        try server.waitForError("the-end")
        let log = try readBytes(server.directory.path + "/error.log")
        #expect(hidden(in: log) == [])
        let text = String(decoding: log, as: UTF8.self)
        #expect(text.contains("\\xE2\\x80\\xAE\" failed (2: No such file or directory)"))
        #expect(text.contains("\\xC2\\x9B\" failed (2: No such file or directory)"))
        // A byte that is not part of a character.
        #expect(text.contains("/\u{FFFD}\" failed"))
        try server.waitForAccess("the-end")
        #expect(hidden(in: try readBytes(server.directory.path + "/access.log")) == [])
    }

    /// The name of the directory, the lines of requests, and messages.
    @Test func serveEscapesRequestsOnTerminal() throws {
        let directory = try TemporaryDirectory(files: ["a\u{9B}31m\u{202E}\u{2028}/a.txt": "hello"])
        let port = FreePorts.take(1)[0]
        let process = try ChildProcess(
            Product.binary,
            ["serve", directory.root + "/a\u{9B}31m\u{202E}\u{2028}", "--port", "\(port)"],
            output: directory.path + "/stdout", error: directory.path + "/stderr")
        try waitFor("apus serve") { (try? RawClient(.ipv4(port))) != nil }
        func fetch(_ target: [UInt8]) throws -> Response {
            let client = try RawClient(.ipv4(port), of: process)
            try client.send(
                Array("GET /".utf8) + target
                    + Array(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
            return try client.response()
        }
        #expect(try fetch(Array("a.txt".utf8)).text == "hello")
        for name in Self.names { _ = try fetch(name) }
        _ = try fetch(Array("the-end".utf8))
        try waitFor("the last line") { process.output.contains("the-end") }
        try waitFor("the last message") { process.errorOutput.contains("the-end") }
        for stream in ["/stdout", "/stderr"] {
            #expect(hidden(in: try readBytes(directory.path + stream)) == [], "\(stream)")
        }
        #expect(process.output.contains("/a\\xC2\\x9B31m\\xE2\\x80\\xAE\\xE2\\x80\\xA8 at http"))
        process.end()
    }

    /// Diagnostics quote the configuration and name its file.
    @Test(arguments: ["-t", "-T", "check", "check --json", "explain"])
    func diagnosticsEscapeText(command: String) throws {
        let odd = "\u{9B}31m\u{202E}\u{2029}"
        let directory = try TemporaryDirectory(files: [
            "c\(odd).conf": .text(
                "events { } http { server { listen 127.0.0.1:1; root /x\(odd); wrong\(odd) on; } }")
        ])
        let words = command.split(separator: " ").map(String.init)
        let file = ["-c", directory.root + "/c\(odd).conf"]
        let result = try run(
            Product.binary, words + file + (command == "explain" ? ["http://127.0.0.1:1/"] : []))
        #expect(result.exit != .code(0))
        #expect(hidden(in: Array(result.error.utf8)) == [])
        #expect(hidden(in: Array(result.output.utf8)) == [])
        #expect((result.error + result.output).contains("wrong"))
    }

    @Test(arguments: [["serve", "/none\u{9B}\u{202E}"], ["-\u{9B}"], ["explain", "\u{85}"]])
    func commandLineMessagesEscapeText(words: [String]) throws {
        let result = try run(Product.binary, words)
        #expect(result.exit != .code(0))
        #expect(hidden(in: Array(result.error.utf8)) == [])
        #expect(!result.error.isEmpty)
    }

    /// `apus explain` shows the request, paths and values.
    @Test func explanationsEscapeText() throws {
        let odd = "\u{9B}31m\u{202E}"
        let directory = try TemporaryDirectory(files: [
            "c.conf": .text(
                """
                events { } http { server { listen 127.0.0.1:1; root /nowhere\(odd);
                    add_header X "x\(odd)" always; } }
                """)
        ])
        let result = try run(
            Product.binary,
            [
                "explain", "-c", directory.root + "/c.conf", "http://127.0.0.1:1/a%C2%9B%E2%80%AE",
                "-H", "X: \(odd)",
            ])
        #expect(result.exit == .code(0), "\(result.error)")
        #expect(hidden(in: Array(result.output.utf8)) == [])
        #expect(result.output.contains("X: \\xC2\\x9B31m\\xE2\\x80\\xAE"))
    }
}
