import Linux

/// The access log files of a generation, each file once. The master opens them; the process that
/// writes them inherits the descriptors.
public final class LogFiles {
    /// The files that could not be opened; nothing is written to them.
    public private(set) var failures: [LogFailure] = []
    private var files: [(path: String, descriptor: Int32)] = []

    /// Opens `paths`, creating the files.
    public init(paths: [String]) {
        for path in paths {
            do throws(SystemError) {
                files.append((path, try openForAppending(path).detach()))
            } catch {
                failures.append(LogFailure(path: path, error: error))
                files.append((path, -1))
            }
        }
    }

    deinit { close() }

    /// Transfers ownership of the descriptor of the file at `index`; -1 if it is not open.
    func release(_ index: Int) -> Int32 {
        guard files.indices.contains(index) else { return -1 }
        defer { files[index].descriptor = -1 }
        return files[index].descriptor
    }

    /// Closes all of them, in a process that does not write logs.
    func close() {
        for index in files.indices {
            let descriptor = release(index)
            if descriptor >= 0 { closeDescriptor(descriptor) }
        }
    }

    /// Returns the path of the file at `index`, in quotes, for messages.
    func name(_ index: Int) -> String {
        files.indices.contains(index) ? "\"\(files[index].path)\"" : ""
    }

    /// Reopens the files by their names after they were moved away. If that fails, it is reported,
    /// and the old file stays. Applies to regular files only: the name of a pipe refers to the same
    /// pipe.
    func reopen(_ failed: (SystemError) -> Void) {
        for index in files.indices {
            let old = files[index].descriptor
            if old >= 0, !isReopened(files[index].path, old) { continue }
            do throws(SystemError) {
                let file = try openForAppending(files[index].path)
                files[index].descriptor = file.detach()
                if old >= 0 { closeDescriptor(old) }
            } catch {
                failed(error)
            }
        }
    }
}

/// A log that could not be opened.
public struct LogFailure: Equatable, Sendable {
    /// The path.
    public let path: String
    /// The error.
    public let error: SystemError
}
