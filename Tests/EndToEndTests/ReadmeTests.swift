import Foundation
import Glibc
import Testing

/// The README shows what its commands print, and names things that exist.
@Suite struct ReadmeTests {
    private static let text = (try? readText(Product.repository + "/README.md")) ?? ""

    /// A command of a `console` block, and the output below it.
    struct Example: CustomStringConvertible {
        let command: String
        var output: [String] = []

        var startsServer: Bool { command.hasPrefix("apus serve ") }
        var description: String { command }
    }

    /// The lines of the fenced blocks in a language.
    private static func blocks(_ language: String) -> [[String]] {
        text.components(separatedBy: "\n```\(language)\n").dropFirst().map { rest in
            rest.components(separatedBy: "\n```")[0].components(separatedBy: "\n")
        }
    }

    static let examples: [Example] = {
        var examples: [Example] = []
        for line in blocks("console").joined() {
            if line.hasPrefix("$ ") {
                examples.append(Example(command: String(line.dropFirst(2))))
            } else {
                examples[examples.count - 1].output.append(line)
            }
        }
        return examples
    }()

    // MARK: commands

    /// The commands run in order in a directory that stands for /tmp. A server that one of them
    /// starts serves the following ones; its output is compared at the end.
    @Test(.enabled(if: Product.isApus)) func commandsPrintWhatIsShown() throws {
        #expect(Self.examples.count >= 6)
        let directory = try Self.directory()
        let port = FreePorts.take(1)[0]
        var servers: [(Example, ChildProcess)] = []
        for (index, example) in Self.examples.enumerated() {
            let command = Self.local(example.command, directory, port)
            if example.startsServer {
                let log = directory.path + "/server-\(index)"
                let server = try ChildProcess(
                    "bash", Self.shell("exec \(command)", directory), output: log,
                    error: log + ".error", directory: directory.path)
                servers.append((example, server))
                try waitFor("\(command) to listen") { server.output.contains("Serving ") }
                continue
            }
            let output = try run("bash", Self.shell(command, directory), directory: directory.path)
                .output
            Self.expect(output, example, directory, port)
        }
        for (example, server) in servers {
            try waitFor("\(example.output.count) lines of \(example)") {
                server.output.split(separator: "\n").count >= example.output.count
            }
            Self.expect(server.output, example, directory, port)
        }
    }

    /// The commands under "Run an nginx configuration", with a configuration of this test.
    @Test(.enabled(if: Product.isApus)) func nginxConfigurationRuns() throws {
        let commands = Self.blocks("sh").joined().filter { $0.contains("/etc/nginx/nginx.conf") }
        #expect(commands.count == 3)
        let directory = try Self.directory()
        let port = FreePorts.take(1)[0]
        let path = directory.path + "/nginx.conf"
        try """
        pid \(directory.path)/nginx.pid;
        error_log \(directory.path)/nginx.log;
        events {}
        http {
            access_log off;
            server { listen 127.0.0.1:\(port); root \(directory.path)/site; }
        }

        """.write(toFile: path, atomically: false, encoding: .utf8)
        defer { _ = try? run("bash", Self.shell("apus -c \(path) -s stop", directory)) }
        for command in commands {
            let local = command.replacingOccurrences(of: "/etc/nginx/nginx.conf", with: path)
                .prefix { $0 != "#" }
            let result = try run("bash", Self.shell(String(local), directory))
            #expect(result.succeeded, "\(command): \(result.output)")
        }
        let request = "curl http://127.0.0.1:\(port)/hello.txt"
        #expect(try run("bash", Self.shell(request, directory)).output == "hello\n")
    }

    private static func expect(
        _ output: String, _ example: Example, _ directory: TemporaryDirectory, _ port: UInt16
    ) {
        let shown = example.output.joined(separator: "\n").trimmingCharacters(in: .newlines)
        let printed = output.replacingOccurrences(of: directory.path, with: "/tmp")
            .replacingOccurrences(of: "\(port)", with: "8123")
            .replacingOccurrences(of: "\r", with: "").trimmingCharacters(in: .newlines)
        #expect(masked(printed) == masked(shown), "$ \(example)\n\(printed)")
    }

    /// The arguments of a shell that knows the binary as apus, and whose curl shows no progress, as
    /// on a terminal.
    private static func shell(_ command: String, _ directory: TemporaryDirectory) -> [String] {
        let path = directory.path
        return [
            "-c", "exec 2>&1; PATH='\(path)/bin':$PATH; export CURL_HOME='\(path)'; \(command)",
        ]
    }

    private static func local(
        _ command: String, _ directory: TemporaryDirectory, _ port: UInt16
    ) -> String {
        command.replacingOccurrences(of: "/tmp/", with: directory.path + "/")
            .replacingOccurrences(of: "8123", with: "\(port)")
    }

    /// Returns `text` without what differs from run to run: times, entity tags, versions, and the
    /// length of the mark below a path.
    private static func masked(_ text: String) -> String {
        let patterns = [
            #"\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}"#: "TIME",
            #"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"#: "DATE",
            #""[0-9a-f]+(-[0-9a-f]+)+""#: "\"TAG\"", #"apus/\d+\.\d+\.\d+"#: "apus/VERSION",
            #"\^~*"#: "^",
        ]
        return patterns.reduce(text) { text, pattern in
            text.replacingOccurrences(
                of: pattern.key, with: pattern.value, options: .regularExpression)
        }
    }

    /// The files that the commands need, and the binary by its name.
    private static func directory() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory(files: [
            "../site/hello.txt": "hello\n", "../site/.git/config": "secret",
            "../site/img/swift.jpg": .pattern(5120), "../bin/": "",
        ])
        guard unsafe symlink(Product.binary, directory.path + "/bin/apus") == 0 else {
            throw SystemFailure("symlink")
        }
        let types = try readText(Product.repository + "/conf/mime.types")
        for (name, text) in [
            ".curlrc": "silent\nshow-error\n", "mime.types": types, "bad.conf": badConfiguration,
            "site.conf": configuration.replacingOccurrences(of: "DIR", with: directory.path),
        ] {
            try text.write(
                toFile: directory.path + "/" + name, atomically: false, encoding: .utf8)
        }
        return directory
    }

    private static let configuration = """
        events {}
        http {
            include mime.types;
            server {
                listen 80;
                server_name example.com;
                root DIR/site;
                access_log off;
                rewrite ^/pictures/(.*)$ /img/$1;
                location / { }
                location /img { alias DIR/site/img/; }
                location ~* \\.(jpg|png)$ { }
            }
        }

        """

    private static let badConfiguration = """
        events {}
        http {
            server {
                listen 80;
                rot /srv/www;
                location /api/ {
                    proxy_pass http://127.0.0.1:3000;
                }
                listen 443 ssl;
            }
        }

        """

    // MARK: names

    @Test func namedMakeTargetsExist() throws {
        let makefile = try readText(Product.repository + "/Makefile")
        let targets = Self.blocks("sh").joined().filter { $0.hasPrefix("make ") }
            .map { $0.split(separator: " ")[1] }
        #expect(targets.contains("serve") && targets.contains("test"))
        for target in targets { #expect(makefile.contains("\n\(target):"), "make \(target)") }
    }

    @Test func linkedFilesExist() throws {
        let parts = Self.text.components(separatedBy: "](").dropFirst()
        let links = parts.map { $0.prefix { $0 != ")" && $0 != "#" } }.filter { !$0.isEmpty }
        #expect(links.count > 15)
        for link in links where !link.contains("://") {
            #expect(unsafe access("\(Product.repository)/\(link)", F_OK) == 0, "\(link)")
        }
    }

    /// Headings that are linked, as GitHub names them.
    @Test func linkedHeadingsExist() {
        let headings = Self.text.components(separatedBy: "\n").filter { $0.hasPrefix("#") }.map {
            $0.drop { $0 == "#" || $0 == " " }.lowercased().replacingOccurrences(of: " ", with: "-")
        }
        let links = Self.text.components(separatedBy: "](#").dropFirst()
            .map { String($0.prefix { $0 != ")" }) }
        #expect(!links.isEmpty)
        for link in links { #expect(headings.contains(link), "#\(link)") }
    }
}
