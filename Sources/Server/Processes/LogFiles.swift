import Linux

/// The access logs of a generation, each file once. The master opens them; who writes them inherits
/// the descriptors.
public final class LogFiles {
    /// What could not be opened; those files are silent.
    public private(set) var failures: [LogFailure] = []
    private var files: [(path: String, descriptor: Int32)] = []

    /// Opens `paths`, creating the files.
    public init(paths: [String]) {
        for path in paths {
            do throws(SystemError) {
                files.append((path, try openForAppending(path).release()))
            } catch {
                failures.append(LogFailure(path: path, error: error))
                files.append((path, -1))
            }
        }
    }

    deinit { close() }

    /// Gives the descriptor of the file at `index` of the paths away; -1 when it is not open.
    func release(_ index: Int) -> Int32 {
        guard files.indices.contains(index) else { return -1 }
        defer { files[index].descriptor = -1 }
        return files[index].descriptor
    }

    /// Closes all of them, where nothing is written.
    func close() {
        for index in files.indices {
            let descriptor = release(index)
            if descriptor >= 0 { closeDescriptor(descriptor) }
        }
    }

    /// The path of the file at `index`, in quotes, for messages.
    func name(_ index: Int) -> String {
        files.indices.contains(index) ? "\"\(files[index].path)\"" : ""
    }

    /// Opens the files anew by their names after they were moved away. What cannot be opened is
    /// told, and stays the old file. Only regular files are: a pipe has no other file behind its
    /// name.
    func reopen(_ failed: (SystemError) -> Void) {
        for index in files.indices {
            let old = files[index].descriptor
            if old >= 0, !isReopened(files[index].path, old) { continue }
            do throws(SystemError) {
                let file = try openForAppending(files[index].path)
                files[index].descriptor = file.release()
                if old >= 0 { closeDescriptor(old) }
            } catch {
                failed(error)
            }
        }
    }
}

/// A log that could not be opened.
public struct LogFailure: Equatable, Sendable {
    /// Its name.
    public let path: String
    /// Why.
    public let error: SystemError
}
