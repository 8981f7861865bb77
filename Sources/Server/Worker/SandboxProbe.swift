#if DEBUG
    import HTTP
    import Linux

    /// Probes for sandbox tests, in debug builds: if the environment has APUS_SANDBOX_PROBE, a
    /// request for `/sandbox-probe/ACTION` makes the worker perform the action like an attacker who
    /// controls it, and logs the result. `trap` simulates a bug that terminates the worker.
    extension Worker {
        func probeIfRequested(_ request: borrowing Request) {
            guard services.context.allowsSandboxProbes else { return }
            let line = request.received.slice(
                request.parser.head.requestLine
            ).text
            let words = line.split(separator: " ")
            guard words.count > 1, words[1].hasPrefix("/sandbox-probe/") else { return }
            let action = String(words[1].dropFirst("/sandbox-probe/".utf8.count))
            if action == "trap" { fatalError("a trap was requested") }
            let outcome =
                switch attackSharedMemory(action) ?? probeSandbox(action) {
                case .succeeded: "succeeded"
                case .refused(let code): "failed (\(code): \(SystemError.text(of: code)))"
                case .unknown: "is unknown"
                }
            // Each probe has its own message, however many there are.
            let code = action.utf8.reduce(Int32(0)) { $0 &* 31 &+ Int32($1) }
            services.logError(
                .alert, "sandbox-probe \(action) \(outcome)", code: code, request)
        }
    }
#endif
