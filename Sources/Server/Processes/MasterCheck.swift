import Linux

/// Checks whether the process that a pid file names is an apus master: the file of a server that
/// was killed may name an unrelated process by now.
public enum MasterCheck {
    /// Returns true if `process` has written `file` and holds its lock, or keeps a record of
    /// reloads, as masters of older versions do. The program's name does not count: it may be
    /// another command of apus.
    public static func isMaster(_ process: Int32, of file: PidFile) -> Bool {
        if file.isHeld(by: process) { return true }
        do throws(SystemError) {
            return try openMemoryFile(named: ReloadRecord.name, of: process) != nil
        } catch {
            return false
        }
    }
}
