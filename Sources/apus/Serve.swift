import Linux
import Server

/// `apus serve`: one directory, in the foreground, until Ctrl-C; the exit code.
func serve(_ options: ServeOptions) -> Int32 {
    if options.showsUsage {
        writeAll(1, CommandLineTexts.serveUsage)
        return 0
    }
    let directory: [UInt8]
    do throws(SystemError) {
        try changeDirectory(to: options.directory)
        directory = try currentDirectory()
    } catch {
        complain("cannot serve \"\(options.directory)\": \(SystemError.text(of: error.code))")
        return 1
    }
    let paths = BuildPaths()
    if isSuperuser(), let closed = firstClosedDirectory(on: directory) {
        complain(
            "[warn] workers run as \"\(paths.user)\", who may not read \"\(closed)\": "
                + "open it to all, or run apus as its owner")
    }
    var request = LoadRequest(path: "apus serve", prefix: paths.prefix)
    request.text = Array(
        ServeText.configuration(
            directory: directory, address: options.address, workers: min(4, processorCount())
        ).utf8)
    let outcome = ConfigurationLoader.load(request)
    writeAll(2, outcome.report)
    guard let plan = outcome.plan else { return 1 }
    return Master.run(
        plan, options: masterOptions(directory, options.address),
        reload: { _ in nil }, worker: runWorker)
}

private func masterOptions(_ directory: [UInt8], _ address: ListenAddress) -> MasterOptions {
    let name = String(decoding: directory, as: UTF8.self)
    var options = MasterOptions()
    options.bindRetries = 0
    options.writesPidFile = false
    options.endsOnHangup = true
    options.announcement = "Serving \(name) at \(address.location) (Ctrl-C stops)"
    options.inUseAdvice = "another server has \(address): choose a port with --port"
    return options
}

/// The first directory on the way to `path` that not every user may go through, or `path` itself
/// when not every user may read it; nil when all is open.
private func firstClosedDirectory(on path: [UInt8]) -> String? {
    let name = String(decoding: path, as: UTF8.self)
    var ends = name.indices.filter { name[$0] == "/" && $0 != name.startIndex }
    ends.append(name.endIndex)
    for end in ends {
        let part = String(name[..<end])
        let needed: UInt32 = end == name.endIndex ? 0o005 : 0o001
        let found = unsafe part.withCString { unsafe facts(of: CPath(unsafe: $0)) }
        if case .success(let facts) = found, facts.mode & needed != needed { return part }
    }
    return nil
}
