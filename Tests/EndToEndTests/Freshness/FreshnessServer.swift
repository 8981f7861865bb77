import Foundation
import Glibc
import Testing

/// A server for all kinds of change, with two workers that are not root.
enum FreshnessServer {
    /// The connections that are busy beside those that the run has.
    static let busyConnections = 300

    /// `http` are lines for the http block. With `fewWatches` no more than ten inotify watches are
    /// left to the server, by a user namespace of its own.
    static func start(
        _ binary: String = Product.binary, http: String = "", fewWatches: Bool = false,
        parent: String? = nil
    ) throws -> TestServer {
        try TestServer(
            configuration: configuration(http: http, changesUser: Product.isRoot && !fewWatches),
            files: ["still.txt": "this one stays as it is"], binary: binary,
            wrapper: fewWatches ? Self.wrapper(starting: "DIR/program") : [], parent: parent
        ) { folder in
            umask(0o022)
            // Who starts as nobody writes its log and pid file as nobody.
            guard fewWatches else { return }
            unsafe chmod(folder.path, 0o777)
            // Nobody may be kept out of where the binary is. A child copies it: whatever another
            // test forks meanwhile would keep a file open that is written here, and then it cannot
            // be executed.
            try #require(try run("cp", [binary, folder.path + "/program"]).succeeded)
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

    /// Starts a program, in the place of the one that is named behind these words, as nobody and in
    /// a user namespace that allows ten watches.
    private static func wrapper(starting program: String) -> [String] {
        let limit = """
            echo 10 > /proc/sys/user/max_inotify_watches && shift && \
            exec setpriv --ambient-caps -all --inh-caps -all \(program) "$@"
            """
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return (Product.isRoot ? nobody : [])
            + ["unshare", "--user", "--map-current-user", "--keep-caps", "sh", "-c", limit, "sh"]
    }

    /// Whether this machine lets one make such a namespace.
    static let canLimitWatches: Bool = {
        let words = wrapper(starting: "true") + ["true"]
        return (try? run(words[0], Array(words.dropFirst())).succeeded) ?? false
    }()

    // MARK: busy connections

    /// Connections that ask for everything that is changed, and rest a little between.
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
        let path = server.folder.path + "/busy.lua"
        try script.write(toFile: path, atomically: false, encoding: .utf8)
        let load = try ChildProcess(
            "wrk",
            ["-t1", "-c\(busyConnections)", "-d600", "-s", path, server.url("/")],
            output: server.folder.path + "/busy.out", error: server.folder.path + "/busy.error")
        try waitFor("the busy connections") {
            try establishedInodes(port: server.port).count >= busyConnections
        }
        return load
    }
}
