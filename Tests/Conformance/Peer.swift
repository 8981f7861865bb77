import Foundation

/// The servers in the comparison, each with a configuration for the site.
public enum Peer: String, CaseIterable, Sendable {
    case apus
    /// apus with `strict_requests on`.
    case strictApus = "apus, strict"
    case nginx, lighttpd, h2o

    /// True if the server is tested with the strict cases: other servers have no such switch, and
    /// are compared with the RFCs.
    public var isStrict: Bool { self != .apus }

    /// The program, unless another one is given.
    public var program: String { self == .strictApus ? "apus" : rawValue }

    /// Returns the command that runs the program in the foreground.
    func command(_ program: String, _ directory: String) -> [String] {
        let file = directory + "/server.conf"
        switch self {
        case .apus, .strictApus, .nginx:
            return [program, "-p", directory, "-c", file, "-e", directory + "/error.log"]
        case .lighttpd: return [program, "-D", "-f", file]
        case .h2o: return [program, "-m", "worker", "-c", file]
        }
    }

    /// Returns the configuration that serves the site below `directory`.
    public func configuration(directory: String, port: UInt16) -> String {
        let text: String
        switch self {
        case .apus, .nginx: text = Self.nginxText
        case .strictApus:
            text = Self.nginxText.replacingOccurrences(
                of: "http {", with: "http {\n    strict_requests on;")
        case .lighttpd: text = Self.lighttpdText
        case .h2o: text = Self.h2oText
        }
        return text.replacingOccurrences(of: "FOLDER", with: directory)
            .replacingOccurrences(of: "PORT", with: "\(port)")
    }

    private static let nginxText = """
        daemon off;
        worker_processes 1;
        pid FOLDER/server.pid;
        error_log FOLDER/error.log info;
        events { worker_connections 512; }
        http {
            types { text/html html; text/plain txt; }
            default_type application/octet-stream;
            access_log off;
            gzip on;
            gzip_static on;
            gzip_vary on;
            gzip_min_length 256;
            absolute_redirect off;
            server { listen 127.0.0.1:PORT default_server; root FOLDER/site; }
            server { listen 127.0.0.1:PORT; server_name second.test; root FOLDER/second; }
        }

        """

    private static let lighttpdText = """
        server.bind = "127.0.0.1"
        server.port = PORT
        server.document-root = "FOLDER/site"
        server.errorlog = "FOLDER/error.log"
        server.modules = ("mod_deflate")
        server.http-parseopts = ("method-get-body" => "enable")
        index-file.names = ("index.html")
        mimetype.assign = (
            ".html" => "text/html", ".txt" => "text/plain", "" => "application/octet-stream"
        )
        deflate.mimetypes = ("text/html")
        deflate.allowed-encodings = ("gzip")
        $HTTP["host"] =~ "^second\\.test" { server.document-root = "FOLDER/second" }

        """

    private static let h2oText = """
        num-threads: 1
        error-log: FOLDER/error.log
        compress: [gzip]
        file.send-compressed: ON
        file.mime.settypes:
          text/html: [".html"]
          text/plain: [".txt"]
        listen: { host: 127.0.0.1, port: PORT }
        hosts:
          default:
            paths: { "/": { file.dir: FOLDER/site } }
          second.test:
            paths: { "/": { file.dir: FOLDER/second } }
          "second.test:8080":
            paths: { "/": { file.dir: FOLDER/second } }

        """
}

/// A server with the site in its own directory, which runs as long as this exists.
public final class RunningServer: @unchecked Sendable {
    /// The address that it listens on.
    public let target: Target
    private let process: Process
    /// A pipe that is open as long as this exists: when it is closed for any reason, the server is
    /// ended.
    private let leash: Pipe

    /// An error for a server that did not start, with its output.
    public struct StartFailure: Error, CustomStringConvertible {
        /// The output of the server.
        public let description: String
    }

    private static let keeper = """
        directory=$1
        shift
        trap : INT TERM
        "$@" &
        child=$!
        read -r _
        kill -TERM "$child" 2>/dev/null
        wait "$child"
        rm -rf "$directory"
        """

    /// Starts the peer; `program` is a path or a name.
    public init(_ peer: Peer, program: String? = nil) throws {
        let directory = NSTemporaryDirectory() + "/conformance-\(UUID().uuidString.prefix(8))"
        try Site.make(at: directory)
        let files = FileManager.default
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory)
        let port = FreePort.take()
        let text = peer.configuration(directory: directory, port: port)
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory + "/server.conf"))
        process = Process()
        leash = Pipe()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments =
            ["-c", Self.keeper, "keeper", directory]
            + peer.command(program ?? peer.program, directory)
        process.environment = [
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        ]
        process.standardInput = leash
        let said = directory + "/said"
        _ = files.createFile(atPath: said, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: said)
        process.standardError = process.standardOutput
        target = Target(host: "127.0.0.1", port: port)
        try process.run()
        for _ in 0..<1000 {
            if (try? Wire(target, patienceMs: 1000)) != nil { return }
            Thread.sleep(forTimeInterval: 0.02)
        }
        let log = files.contents(atPath: directory + "/error.log") ?? Data()
        let words = (files.contents(atPath: said) ?? Data()) + log
        throw StartFailure(description: "\(peer): " + String(decoding: words, as: UTF8.self))
    }

    deinit {
        try? leash.fileHandleForWriting.close()
        process.waitUntilExit()
    }
}
