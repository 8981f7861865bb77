import Linux

// USR2: another binary takes over while this one still serves, as in nginx.
extension Master {
    /// Moves the pid file aside and starts the current binary with the listening sockets.
    func upgrade() {
        do throws(SystemError) {
            try pidFile?.moveAside()
            do throws(SystemError) {
                let sockets = generation.listeners.all
                let process = try executeAgain(passing: sockets.flatMap(\.descriptors)) {
                    ["APUS=\(InheritedSockets.text(of: sockets))", "NGINX"]
                        + ServiceManager.changes(for: $0)
                }
                handle(.upgraded(process))
            } catch {
                restorePidFile()
                throw error
            }
        } catch {
            generation.errorLog.write(.alert, error.description)
            handle(.upgradeFailed)
        }
    }

    /// Takes the pid file back after the other master has exited, or could not be started.
    func restorePidFile() {
        do throws(SystemError) {
            try pidFile?.takeBack()
        } catch {
            generation.errorLog.write(.alert, error.description)
        }
    }

    /// True if no other master has the listening sockets: neither one that this one takes over
    /// from, nor one that takes over.
    var isAlone: Bool { state.successor == nil && !predecessorRuns }

    /// True while the master runs that this one takes over from.
    var predecessorRuns: Bool { predecessor.map { $0 == parentProcess() } ?? false }
}
