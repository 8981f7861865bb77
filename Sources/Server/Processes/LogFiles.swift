import Linux

/// The access logs of a generation, each file once. The master opens them, with its rights; workers
/// inherit the descriptors.
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

    deinit {
        for file in files where file.descriptor >= 0 { closeDescriptor(file.descriptor) }
    }

    /// The descriptor of the file at `index` of the paths; -1 when it is not open.
    func descriptor(_ index: Int) -> Int32 {
        files.indices.contains(index) ? files[index].descriptor : -1
    }

    /// The path of the file at `index`, in quotes, for messages.
    func name(_ index: Int) -> String {
        files.indices.contains(index) ? "\"\(files[index].path)\"" : ""
    }

    /// Opens the files anew by their names after they were moved away. What cannot be opened is
    /// told, and stays the old file. Only regular files are: a pipe has no other file behind its
    /// name.
    ///
    /// `owner` is the workers' user: the master gives it the new files, so that workers can open
    /// them.
    func reopen(owner: UInt32? = nil, _ failed: (SystemError) -> Void) {
        for index in files.indices {
            let old = files[index].descriptor
            if old >= 0, !isReopened(files[index].path, old) { continue }
            do throws(SystemError) {
                let file = try openForAppending(files[index].path)
                if let owner { try giveLog(file.number, named: files[index].path, to: owner) }
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
