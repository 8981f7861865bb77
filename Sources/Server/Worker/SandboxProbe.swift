#if DEBUG
    import HTTP
    import Linux

    /// Sandbox tests in debug builds: if the environment has APUS_BREAK_IN, a request for
    /// `/break-in/WHAT` does WHAT as an attacker who has taken over the worker, and the result is
    /// logged. `trap` is a fault of the program itself.
    extension Worker {
        func probeIfRequested(_ slot: Int, _ exchange: Int) {
            guard context.allowsSandboxProbes else { return }
            let line = exchanges[exchange].received.slice(
                exchanges[exchange].parser.head.requestLine
            ).text
            let words = line.split(separator: " ")
            guard words.count > 1, words[1].hasPrefix("/break-in/") else { return }
            let what = String(words[1].dropFirst("/break-in/".utf8.count))
            if what == "trap" { fatalError("a trap was requested") }
            let outcome =
                switch attackSharedMemory(what) ?? probeSandbox(what) {
                case .succeeded: "succeeded"
                case .refused(let code): "failed (\(code): \(SystemError.text(of: code)))"
                case .unknown: "is unknown"
                }
            logError(.alert, "break-in \(what) \(outcome)", slot, exchange)
        }
    }
#endif
