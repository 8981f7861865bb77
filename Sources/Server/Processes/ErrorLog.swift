import Linux

/// Where the messages of one generation are written: the `error_log` lines of a configuration, each
/// with its level. One write(2) a line, so that lines of several processes never mix.
public final class ErrorLog {
    /// What could not be opened, in the order of the targets; those targets are silent.
    public private(set) var failures: [LogFailure] = []
    /// Where `stderr` targets write: a worker's own descriptor 2 is the master's pipe.
    public var stderrDescriptor: Int32 = 2
    /// While starting, messages of level warn and graver are shown on stderr too, as nginx does.
    public var showsOnStderr = false

    private var sinks: [Sink] = []
    private let level: LogLevel?
    private let isBootstrap: Bool

    private struct Sink {
        let path: String
        let level: LogLevel
        /// nil is stderr.
        var descriptor: Int32?
    }

    /// Opens the files of `targets`, creating them; what fails is in `failures`.
    public init(targets: [ErrorLogTarget]) {
        level = targets.map(\.level).max()
        isBootstrap = false
        for target in targets {
            if target.path == "stderr" {
                sinks.append(Sink(path: target.path, level: target.level, descriptor: nil))
                continue
            }
            do throws(SystemError) {
                let file = try openForAppending(target.path)
                let sink = Sink(path: target.path, level: target.level, descriptor: file.release())
                sinks.append(sink)
            } catch {
                failures.append(LogFailure(path: target.path, error: error))
                // Whatever is to be said is said somewhere.
                sinks.append(Sink(path: target.path, level: target.level, descriptor: nil))
            }
        }
    }

    /// The log before a configuration is known: `apus: [emerg] message` on stderr, down to `level`.
    public static func bootstrap(level: LogLevel = .notice) -> ErrorLog {
        ErrorLog(bootstrapLevel: level)
    }

    private init(bootstrapLevel: LogLevel) {
        level = bootstrapLevel
        isBootstrap = true
    }

    deinit {
        for sink in sinks { if let descriptor = sink.descriptor { closeDescriptor(descriptor) } }
    }

    /// Whether a message of `level` is written anywhere: asks before the message is made.
    public func writes(_ level: LogLevel) -> Bool {
        if showsOnStderr && level <= .warn { return true }
        guard let lowest = self.level else { return false }
        return level <= lowest
    }

    /// Whether a target is stderr: then a daemon keeps it.
    public var usesStderr: Bool { sinks.contains { $0.descriptor == nil } }

    /// Writes one line to each target that takes `level`. What cannot be written is lost: there is
    /// nowhere to say so.
    public func write(_ level: LogLevel, _ message: @autoclosure () -> String) {
        guard writes(level) else { return }
        let message = message()
        if isBootstrap {
            writeAll(stderrDescriptor, ErrorLogLine.startText(level, message))
            return
        }
        let now = Clock.now().seconds
        let line = ErrorLogLine.text(
            level, message, process: currentProcess(), at: now,
            offset: Clock.localOffset(at: now))
        // A person at a terminal reads the short form, once.
        let isShown = showsOnStderr && level <= .warn
        for sink in sinks where level <= sink.level && !(isShown && sink.descriptor == nil) {
            writeAll(sink.descriptor ?? stderrDescriptor, line)
        }
        if isShown { writeAll(stderrDescriptor, ErrorLogLine.startText(level, message)) }
    }

    /// Opens the files anew by their names, for log rotation; a file that cannot be opened stays
    /// the old one, and the old one gets the message. Only regular files are reopened: a terminal
    /// or a pipe has no other file behind its name.
    ///
    /// `owner` is the workers' user: the master gives it the new files, so that workers can reopen
    /// them too (nginx's ngx_reopen_files does the same).
    public func reopen(owner: UInt32? = nil) {
        for index in sinks.indices {
            guard let old = sinks[index].descriptor, isReopened(sinks[index].path, old) else {
                continue
            }
            do throws(SystemError) {
                let file = try openForAppending(sinks[index].path)
                if let owner { try giveLog(file.number, named: sinks[index].path, to: owner) }
                sinks[index].descriptor = file.release()
                closeDescriptor(old)
            } catch {
                write(.emerg, "\(error)")
            }
        }
    }
}

/// Whether an open log is a regular file, with a name that another one can have taken.
func isReopened(_ path: String, _ descriptor: Int32) -> Bool {
    guard standardStream(named: path) == nil, case .success(let facts) = facts(of: descriptor)
    else { return false }
    return facts.kind == .regular
}
