import Linux

/// Whether the process that a pid file names is an apus master: a file that is left of a server
/// that was killed names a process that may be any other by now.
public enum MasterEvidence {
    /// True if `process` has written `file` and holds its lock, or keeps a record of reloads, as
    /// masters do that are older than the lock. Nothing else counts: a program of the same name may
    /// be another command of apus.
    public static func isMaster(_ process: Int32, of file: PidFile) -> Bool {
        if file.isHeld(by: process) { return true }
        do throws(SystemError) {
            return try openMemoryFile(named: ReloadRecord.name, of: process) != nil
        } catch {
            return false
        }
    }
}
