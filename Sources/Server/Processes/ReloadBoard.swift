import Linux

/// The master's side of `ReloadRecord`.
final class ReloadBoard {
    private let file: Descriptor
    private var state = ReloadRecord.State()

    /// A board that tells of no reload.
    init() throws(SystemError) {
        file = try openMemoryFile(named: ReloadRecord.name)
        write()
    }

    /// A reload begins: what is in the files from here on is read.
    func begin() {
        state.begun &+= 1
        write()
    }

    /// All that have begun have ended, the last one like this.
    func end(_ outcome: ReloadRecord.Outcome, _ lines: [String] = []) {
        guard state.ended != state.begun else { return }
        state.ended = state.begun
        state.outcome = outcome
        state.text = lines.map { $0 + "\n" }.joined()
        write()
    }

    private func write() {
        _ = writeBytes(file.number, ReloadRecord.bytes(of: state), at: 0)
    }

    /// In a worker: closes its copy.
    func closeInherited() { closeDescriptor(file.number) }
}
