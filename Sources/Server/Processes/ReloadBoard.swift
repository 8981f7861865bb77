import Linux

/// The master's side of `ReloadRecord`.
final class ReloadBoard {
    private let file: Descriptor
    private var state = ReloadRecord.State()

    /// Creates a record without reloads.
    init() throws(SystemError) {
        file = try openMemoryFile(named: ReloadRecord.name)
        write()
    }

    /// Records that a reload begins: it reads the files as they are from here on.
    func begin() {
        state.begun &+= 1
        write()
    }

    /// Records the result of all reloads that have begun.
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

    /// Closes the copy of a worker.
    func closeInherited() { closeDescriptor(file.number) }
}
