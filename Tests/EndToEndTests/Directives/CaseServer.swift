import Foundation
import Glibc
import Synchronization
import Testing

/// The ports and the directory of a case at one of the two servers.
struct CasePlace: Sendable {
    let ports: [UInt16]
    /// The replacement of `{dir}`.
    let directory: String
    var root: String { directory + "/root" }

    /// Replaces `{port}`, `{root}` and `{dir}`.
    func fill(_ text: String) -> String {
        text.replacingOccurrences(of: "{port}", with: "\(ports[0])")
            .replacingOccurrences(of: "{port2}", with: "\(ports[1])")
            .replacingOccurrences(of: "{port3}", with: "\(ports[2])")
            .replacingOccurrences(of: "{root}", with: root)
            .replacingOccurrences(of: "{dir}", with: directory)
    }

    /// Reverses `fill`, so that the responses of two servers can be compared.
    func restorePlaceholders(_ text: String) -> String {
        var text = text.replacingOccurrences(of: root, with: "{root}")
            .replacingOccurrences(of: directory, with: "{dir}")
        for (port, name) in zip(ports, ["{port}", "{port2}", "{port3}"]) {
            // Not within a longer number, as 28000 in 1728000.
            text = text.replacingOccurrences(
                of: "(?<![0-9])\(port)(?![0-9])", with: name, options: .regularExpression)
        }
        return text
    }
}

/// A process that serves several cases. It runs until the tests end: the process guard ends it and
/// removes its directory.
final class CaseServer: @unchecked Sendable {
    private let process: ChildProcess
    private let directory: TemporaryDirectory
    let places: [CasePlace]

    struct StartFailure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts `binary` with the configuration of all `cases`, which have the same text in http and
    /// main.
    init(_ binary: String, _ cases: [DirectiveCase]) throws {
        let directory = try TemporaryDirectory()
        var attempt = 0
        while true {
            attempt += 1
            let places = try Self.prepare(cases, in: directory)
            try Self.configuration(cases, places, directory, binary)
                .write(toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
            let process = try ChildProcess(
                binary, TestServer.commandLine(directory),
                output: directory.path + "/stdout", error: directory.path + "/stderr")
            do {
                try waitFor("the server of the cases", seconds: 60) {
                    guard process.isRunning else { throw StartFailure(description: "it ended") }
                    return unsafe access(directory.path + "/server.pid", R_OK) == 0
                        && (try? RawClient(.ipv4(places[0].ports[0]))) != nil
                }
                self.directory = directory
                self.process = process
                self.places = places
                return
            } catch let failure {
                process.end()
                let log = (try? readText(directory.path + "/error.log")) ?? ""
                let said = process.errorOutput + log
                guard attempt < 4, said.contains("in use") else {
                    throw StartFailure(description: "\(failure): \(said)")
                }
            }
        }
    }

    /// The lines of the log about system calls that no request should cause.
    var unexpectedCalls: [String] {
        let log = (try? readText(directory.path + "/error.log")) ?? ""
        return log.components(separatedBy: "\n").filter { $0.contains("in the sandbox") }
    }

    /// Runs `binary -t` with the configuration of a case. Returns whether it is accepted, and the
    /// output.
    static func check(_ binary: String, _ one: DirectiveCase) throws -> (Bool, String) {
        let directory = try TemporaryDirectory()
        let places = try prepare([one], in: directory)
        try configuration([one], places, directory, binary)
            .write(toFile: directory.path + "/test.conf", atomically: false, encoding: .utf8)
        let result = try run(binary, ["-t"] + TestServer.commandLine(directory))
        return (result.succeeded, result.output + result.error)
    }

    /// Creates the directories and files of the cases.
    private static func prepare(
        _ cases: [DirectiveCase], in directory: TemporaryDirectory
    ) throws -> [CasePlace] {
        try cases.indices.map { index in
            // Names of the same width, so that lengths are equal wherever the path occurs in a
            // response.
            let name = "case\(1000 + index)"
            let place = CasePlace(
                ports: FreePorts.take(3), directory: directory.path + "/" + name)
            let one = cases[index]
            let below = "../\(name)/root/"
            try directory.write(below, "")
            for (file, fixture) in one.files {
                try directory.write(below + file, fill(fixture, place))
            }
            for (file, target) in one.links {
                try directory.link(below + file, to: place.fill(target))
            }
            for (file, mode) in one.modes {
                unsafe chmod(place.root + "/" + file, mode)
            }
            try age(place.root, directory)
            return place
        }
    }

    private static func fill(_ fixture: Fixture, _ place: CasePlace) -> Fixture {
        if case .text(let text) = fixture { return .text(place.fill(text)) }
        return fixture
    }

    /// Sets the old time of the files for directories too, so that listings are equal.
    private static func age(_ root: String, _ directory: TemporaryDirectory) throws {
        let names = FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? []
        for name in names {
            try directory.setModified(root + "/" + name, TemporaryDirectory.modified)
        }
        try directory.setModified(root, TemporaryDirectory.modified)
    }

    private static func configuration(
        _ cases: [DirectiveCase], _ places: [CasePlace], _ directory: TemporaryDirectory,
        _ binary: String
    ) -> String {
        let text = plainConfiguration(cases, places, directory, binary)
        return binary == Product.binary ? TestEngine.apply(to: text) : text
    }

    private static func plainConfiguration(
        _ cases: [DirectiveCase], _ places: [CasePlace], _ directory: TemporaryDirectory,
        _ binary: String
    ) -> String {
        let prelude = """
            daemon off;
            pid \(directory.path)/server.pid;
            error_log \(directory.path)/error.log info;

            """
        if let whole = cases[0].whole { return prelude + places[0].fill(whole) + "\n" }
        // nginx creates these directories at startup, and does not start if it cannot.
        let bodies = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(directory.path)/bodies;" }.joined(separator: "\n")
        let parts = zip(cases, places).map { one, place in
            place.fill(one.declares + "\n" + one.serverText)
        }
        return prelude + """
            worker_processes 1;
            \(cases[0].main)
            events { worker_connections 2048; }
            http {
                types {
                    text/html html htm; text/plain txt; text/css css; application/javascript js;
                    application/json json; image/png png; image/svg+xml svg; text/xml xml;
                }
                access_log off;
                \(binary == Product.binary ? "" : bodies)
                \(places[0].fill(cases[0].http))
            \(parts.joined(separator: "\n"))
            }

            """
    }
}
