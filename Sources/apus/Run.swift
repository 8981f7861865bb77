import Linux
import Server

/// Runs the command that nginx's options select. Returns the exit code.
func run(_ options: CommandLineOptions) -> Int32 {
    let paths = BuildPaths()
    if options.showsVersion {
        var text = CommandLineTexts.version
        if options.showsUsage { text += CommandLineTexts.usage(paths) }
        if options.showsBuild {
            text += CommandLineTexts.build(compiler: compilerName(), paths: paths)
        }
        writeAll(2, text)
        if !options.tests { return 0 }
    }
    let directory = String(decoding: (try? currentDirectory()) ?? [], as: UTF8.self)
    let request = options.loadRequest(paths, in: directory)
    let outcome = ConfigurationLoader.load(request)
    if options.tests { return reportTest(outcome, of: request.path, options) }
    writeAll(2, outcome.report)
    guard let plan = outcome.plan else { return 1 }
    if let order = options.order { return send(order, to: PidFile(path: plan.main.pidPath)) }
    return Master.run(plan, reload: { reload(request, into: $0) }, worker: runWorker)
}

/// Prints the result of `-t` and `-T`, in nginx's words.
private func reportTest(
    _ outcome: LoadOutcome, of path: String, _ options: CommandLineOptions
) -> Int32 {
    if outcome.plan == nil || !options.isQuiet { writeAll(2, outcome.report) }
    let fault = outcome.plan.flatMap(ConfigurationLoader.identityFault)
    if let fault { printError("[emerg] \(fault)") }
    guard outcome.plan != nil, fault == nil else {
        printError("configuration file \(path) test failed")
        return 1
    }
    if !options.isQuiet {
        printError("the configuration file \(path) syntax is ok")
        printError("configuration file \(path) test is successful")
    }
    if options.dumps {
        for file in outcome.dump {
            writeAll(1, CommandLineTexts.dumpTitle(of: file.name))
            writeBytes(1, file.bytes)
            writeAll(1, "\n")
        }
    }
    return 0
}

/// Loads the configuration again for a HUP; errors are logged.
private func reload(_ request: LoadRequest, into log: ErrorLog) -> Plan? {
    let outcome = ConfigurationLoader.load(request)
    for line in outcome.report.split(separator: "\n") {
        log.write(outcome.plan == nil ? .emerg : .warn, String(line))
    }
    return outcome.plan
}

/// Runs `-s`: finds the master by its pid file.
private func send(_ order: CommandLineOptions.Order, to file: PidFile) -> Int32 {
    switch file.read() {
    case .failure(let error):
        printError("[error] \(error)")
        return 1
    case .success(let number):
        do throws(SystemError) {
            // Opened before it is checked: a later process with the same number gets no signal.
            let process = try ProcessHandle(number, toSend: order.signal)
            guard MasterCheck.isMaster(number, of: file) else {
                printError(
                    "[error] pid file \"\(file.path)\" names process \(number), "
                        + "which is not an apus master")
                return 1
            }
            if order == .reload { return sendReload(to: process) }
            try process.send(order.signal)
            return 0
        } catch {
            printError("[alert] \(error)")
            return 1
        }
    }
}

/// Runs `-s reload`: waits for its result.
private func sendReload(to master: borrowing ProcessHandle) -> Int32 {
    let process = master.process
    let reader: ReloadRecordReader?
    do throws(SystemError) {
        reader = try ReloadRecordReader(of: process)
    } catch {
        reader = nil
        printError("[warn] cannot wait for the result of the reload: \(error)")
    }
    do throws(SystemError) {
        try master.send(.hangup)
    } catch {
        printError("[alert] \(error)")
        return 1
    }
    switch reader?.wait(timeoutMs: reloadTimeoutMs) {
    case nil: return 0
    case .inUse:
        printError("[notice] the new configuration is in use")
        return 0
    case .failed(let reasons):
        for line in reasons.split(separator: "\n") { printError("[emerg] \(line)") }
        printError("[emerg] the old configuration stays in use")
    case .masterEnded: printError("[alert] the master process \(process) has exited")
    case .timedOut:
        printError(
            "[alert] no result of the reload from process \(process) within "
                + "\(reloadTimeoutMs / 1000) s: see the error log")
    }
    return 1
}

/// Longer than the master waits for its workers.
private let reloadTimeoutMs: Int64 = 30_000
