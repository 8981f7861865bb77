import Foundation
import Glibc
import Testing

/// A program in a session of its own, so that it and its children can be ended together. Its output
/// goes to files, so that it never blocks.
final class ChildProcess {
    let pid: pid_t
    private let outputPath: String
    private let errorPath: String
    private(set) var exit: Exit?

    enum Exit: Equatable {
        case code(Int32)
        case signal(Int32)
    }

    struct StartFailure: Error {
        let program: String
        let code: Int32
    }

    init(
        _ program: String, _ arguments: [String], output: String, error: String,
        directory: String? = nil
    ) throws {
        outputPath = output
        errorPath = error
        var words = [program] + arguments
        if let directory { words = ["/usr/bin/env", "-C", directory] + words }
        pid = try ChildProcess.spawn(words, output: output, error: error)
        ProcessGuard.shared.note(group: pid)
    }

    private var hasEnded = false

    deinit { end() }

    var output: String { (try? readText(outputPath)) ?? "" }
    var errorOutput: String { (try? readText(errorPath)) ?? "" }

    var isRunning: Bool {
        reap(options: WNOHANG)
        return exit == nil
    }

    func signal(_ number: Int32) { if exit == nil { kill(pid, number) } }

    func waitForExit(
        seconds: Double = patienceSeconds, _ location: SourceLocation = #_sourceLocation
    ) throws -> Exit {
        try waitForValue("the exit of process \(pid)", seconds: seconds, location) {
            _ = isRunning
            return exit
        }
    }

    /// Ends the process and its whole session: with SIGINT, then with SIGKILL. Only once, since the
    /// number may be reused.
    func end(patience: Double = 5) {
        guard !hasEnded else { return }
        hasEnded = true
        if isRunning {
            kill(pid, SIGINT)
            _ = try? waitForExit(seconds: patience)
        }
        kill(-pid, SIGKILL)
        if exit == nil { reap(options: 0) }
        ProcessGuard.shared.forget(group: pid)
    }

    private func reap(options: Int32) {
        guard exit == nil else { return }
        var status: Int32 = 0
        guard unsafe waitpid(pid, &status, options) == pid else { return }
        exit = status & 0x7f == 0 ? .code((status >> 8) & 0xff) : .signal(status & 0x7f)
    }

    private static func spawn(_ words: [String], output: String, error: String) throws -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        let create = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 1, output, create, 0o644)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, error, create, 0o644)
        return try unsafe spawn(words, actions: &actions)
    }

    /// Starts `words` in a new session with default signal handlers and no blocked signals.
    static func spawn(
        _ words: [String], actions: inout posix_spawn_file_actions_t
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        var all = sigset_t()
        unsafe sigemptyset(&none)
        unsafe sigfillset(&all)
        unsafe posix_spawnattr_setsigmask(&attributes, &none)
        unsafe posix_spawnattr_setsigdefault(&attributes, &all)
        let newSession: Int32 = 0x80  // POSIX_SPAWN_SETSID, which the importer does not see
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | newSession
        unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

        var pid: pid_t = 0
        var pointers = unsafe words.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        let code = unsafe posix_spawnp(&pid, words[0], &actions, &attributes, &pointers, environ)
        guard code == 0 else { throw StartFailure(program: words[0], code: code) }
        return pid
    }
}

/// Cleans up when the test runner itself dies: a small shell process that reads the sessions and
/// directories of the tests from a socket, and removes them when the other end is closed.
final class ProcessGuard: Sendable {
    static let shared = ProcessGuard()
    private let socket: Int32

    private static let script = """
        declare -A groups directories
        while read -r what name; do
            case $what in
            group) groups[$name]=1 ;;
            ended) unset "groups[$name]" ;;
            directory) directories[$name]=1 ;;
            removed) unset "directories[$name]" ;;
            esac
        done
        for name in "${!groups[@]}"; do kill -KILL -- "-$name" 2>/dev/null; done
        for name in "${!directories[@]}"; do
            while read -r _ place _; do
                case $place in "$name"/*) umount -l -- "$place" ;; esac
            done < /proc/self/mounts
            rm -rf -- "$name"
        done
        """

    private init() {
        // Close-on-exec from the start: a child with this end would keep it open.
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        unsafe socketpair(AF_UNIX, kind, 0, &ends)
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        unsafe posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        // An open output would keep `make test | tee` waiting for the guard.
        unsafe posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        _ = try? unsafe ChildProcess.spawn(["bash", "-c", Self.script], actions: &actions)
        unsafe posix_spawn_file_actions_destroy(&actions)
        close(ends[0])
        socket = ends[1]
    }

    func note(group: pid_t) { tell("group \(group)") }
    func forget(group: pid_t) { tell("ended \(group)") }
    func note(directory: String) { tell("directory \(directory)") }
    func forget(directory: String) { tell("removed \(directory)") }

    /// If the guard has died, the tests continue and must not die by SIGPIPE.
    private func tell(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = unsafe send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }
}
