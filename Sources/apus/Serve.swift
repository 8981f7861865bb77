import Linux
import Server

/// Runs `apus serve`: one directory, in the foreground, until Ctrl-C. Returns the exit code.
func serve(_ options: ServeOptions) -> Int32 {
    if options.showsUsage {
        writeAll(1, CommandLineTexts.serveUsage)
        return 0
    }
    let directory: ServedDirectory
    do throws(SystemError) {
        directory = try ServedDirectory(options.directory)
    } catch {
        printError("cannot serve \"\(options.directory)\": \(SystemError.text(of: error.code))")
        return 1
    }
    let paths = BuildPaths()
    if isSuperuser(), let closed = firstClosedDirectory(on: directory.name) {
        printError(
            "[warn] workers run as \"\(paths.user)\", which may not read \"\(closed)\": make it "
                + "readable for all, or run apus as its owner")
    }
    var request = LoadRequest(path: "apus serve", prefix: paths.prefix)
    request.text = Array(
        ServeText.configuration(
            root: directory.root, address: options.address, hosts: options.hosts,
            workers: min(4, processorCount())
        ).utf8)
    let outcome = ConfigurationLoader.load(request)
    writeAll(2, outcome.report)
    guard let plan = outcome.plan else { return 1 }
    return Master.run(
        plan, options: masterOptions(directory.name, options.address),
        reload: { _ in nil }, worker: runWorker)
}

private func masterOptions(_ name: String, _ address: ListenAddress) -> MasterOptions {
    var options = MasterOptions()
    options.bindRetries = 0
    options.writesPidFile = false
    options.endsOnHangup = true
    options.announcement = "Serving \(name) at \(address.location) (Ctrl-C stops)"
    options.inUseAdvice = "another server uses \(address): choose a port with --port"
    return options
}

/// Returns the first directory on the path to `name`, or to its target if it is a link, that not
/// every user may search, or the directory itself if not every user may read it; nil if all are
/// accessible.
private func firstClosedDirectory(on name: String) -> String? {
    if let closed = firstClosedDirectory(onPlain: name) { return closed }
    guard case .success(let real) = withCPath(Array(name.utf8), { realPath($0) }) else {
        return nil
    }
    return firstClosedDirectory(onPlain: String(decoding: real, as: UTF8.self))
}

private func firstClosedDirectory(onPlain name: String) -> String? {
    var ends = name.indices.filter { name[$0] == "/" && $0 != name.startIndex }
    ends.append(name.endIndex)
    for end in ends {
        let part = String(name[..<end])
        let needed: UInt32 = end == name.endIndex ? 0o005 : 0o001
        let found = unsafe part.withCString { unsafe fileStatus(of: CPath(unsafe: $0)) }
        if case .success(let fileStatus) = found, fileStatus.mode & needed != needed { return part }
    }
    return nil
}
