import Foundation
import Glibc
import Testing

/// A server for all kinds of change, with two workers that are not root.
enum FreshnessServer {
    /// The number of busy connections beside those of the run.
    static let busyConnections = 300

    /// Starts the server, with lines for the http block. With `fewWatches`, it runs in a user
    /// namespace that allows ten inotify watches.
    static func start(
        _ binary: String = Product.binary, http: String = "", fewWatches: Bool = false,
        parent: String? = nil
    ) throws -> TestServer {
        try TestServer(
            configuration: configuration(http: http, changesUser: Product.isRoot && !fewWatches),
            files: ["still.txt": "this one stays as it is"], binary: binary,
            wrapper: fewWatches ? Self.wrapper(starting: "DIR/program") : [], parent: parent
        ) { directory in
            umask(0o022)
            // A server started as nobody writes its log and pid file as nobody.
            guard fewWatches else { return }
            unsafe chmod(directory.path, 0o777)
            // The user nobody may not be able to reach the binary, so it is copied. A child copies
            // it: if this process wrote the file, a child forked by another test could keep it
            // open, and then it could not be executed.
            try #require(try run("cp", [binary, directory.path + "/program"]).succeeded)
        }
    }

    private static func configuration(http: String, changesUser: Bool) -> String {
        let locations = ChangeKind.all.enumerated().map { index, kind in
            kind.configuration.replacingOccurrences(of: "PREFIX", with: "/kinds/\(index)/")
                .replacingOccurrences(of: "PLACE", with: "ROOT/kinds/\(index)")
        }
        return TestServer.configuration(
            """
            access_log off;
            keepalive_requests 1000000000; keepalive_timeout 600s; keepalive_time 24h;
            client_header_timeout 600s; client_body_timeout 600s;
            location = /pid { return 200 $pid; }
            \(locations.filter { !$0.isEmpty }.joined(separator: "\n"))
            """,
            http: http, main: changesUser ? "user nobody nogroup;" : "", workers: 2,
            connections: 1024)
    }

    // MARK: few watches

    /// Returns a command that starts `program` instead of the program named after it, as nobody and
    /// in a user namespace that allows ten watches.
    private static func wrapper(starting program: String) -> [String] {
        let limit = """
            echo 10 > /proc/sys/user/max_inotify_watches && shift && \
            exec setpriv --ambient-caps -all --inh-caps -all \(program) "$@"
            """
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return (Product.isRoot ? nobody : [])
            + ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", limit, "sh"]
    }

    /// True if this machine permits such a namespace.
    static let canLimitWatches: Bool = {
        let words = wrapper(starting: "true") + ["true"]
        return (try? run(words[0], Array(words.dropFirst())).succeeded) ?? false
    }()

    // MARK: busy connections

    /// Starts connections that request everything that is changed, with short pauses.
    static func load(_ server: TestServer) throws -> ChildProcess {
        let kinds = ChangeKind.all.enumerated().map { index, kind in
            let fields = kind.fields.map { field in
                let parts = field.components(separatedBy: ": ")
                return "[\"\(parts[0])\"] = \"\(parts[1])\""
            }
            return "{\"/kinds/\(index)/\(kind.target)\", {\(fields.joined(separator: ", "))}}"
        }
        let script = """
            local kinds = {{"/still.txt", {}}, \(kinds.joined(separator: ",\n"))}
            local texts, turn = {}, 0
            function init(args)
                for place, kind in ipairs(kinds) do
                    texts[place] = wrk.format("GET", kind[1], kind[2])
                end
            end
            function request()
                turn = turn % #texts + 1
                return texts[turn]
            end
            function delay() return math.random(0, 30) end
            """
        let path = server.directory.path + "/busy.lua"
        try script.write(toFile: path, atomically: false, encoding: .utf8)
        let load = try ChildProcess(
            "wrk",
            ["-t1", "-c\(busyConnections)", "-d600", "-s", path, server.url("/")],
            output: server.directory.path + "/busy.out",
            error: server.directory.path + "/busy.error")
        try waitFor("the busy connections") {
            try establishedInodes(port: server.port).count >= busyConnections
        }
        return load
    }
}
