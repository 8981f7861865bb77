import Linux

// USR2: another binary takes over while this one still serves, as nginx's does.
extension Master {
    /// The pid file goes aside, the binary that is there now is started with the listening sockets.
    func upgrade() {
        do throws(SystemError) {
            try pidFile?.moveAside()
            do throws(SystemError) {
                let sockets = generation.listeners.all
                let process = try executeAgain(passing: sockets.flatMap(\.descriptors)) {
                    ["APUS=\(Inheritance.text(of: sockets))", "NGINX"]
                        + ServiceManager.changes(for: $0)
                }
                handle(.upgraded(process))
            } catch {
                takePidFileBack()
                throw error
            }
        } catch {
            generation.errorLog.write(.alert, error.description)
            handle(.upgradeFailed)
        }
    }

    /// The other one has ended, or could not be started.
    func takePidFileBack() {
        do throws(SystemError) {
            try pidFile?.takeBack()
        } catch {
            generation.errorLog.write(.alert, error.description)
        }
    }

    /// Whether no other master has the listening sockets: one that this one takes over from, or one
    /// that takes over.
    var isAlone: Bool { state.successor == nil && !predecessorRuns }

    /// Whether the master is there that this one takes over from.
    var predecessorRuns: Bool { predecessor.map { $0 == parentProcess() } ?? false }
}
