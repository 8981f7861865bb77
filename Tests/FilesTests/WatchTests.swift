import Linux
import Testing

/// File systems that notify of all changes (statfs(2), f_type), however they are mounted.
@Suite struct FileSystemTypeTests {
    /// All changes are made through this kernel, or there are none.
    @Test(
        arguments: [
            ("ext4", 0xEF53), ("xfs", 0x5846_5342), ("btrfs", 0x9123_683E), ("f2fs", 0xF2F5_2010),
            ("zfs", 0x2FC1_2FC1), ("tmpfs", 0x0102_1994), ("overlay", 0x794C_7630),
            ("iso9660", 0x9660), ("squashfs", 0x7371_7368), ("erofs", 0xE0F5_E1E2),
        ] as [(String, UInt32)])
    func changesAreNotified(name: String, type: UInt32) { #expect(notifiesChanges(type: type)) }

    /// The other side may change these, also under a read-only mount.
    @Test(
        arguments: [
            ("nfs", 0x6969), ("fuse", 0x6573_5546), ("9p", 0x0102_1997), ("cifs", 0xFF53_4D42),
            ("smb2", 0xFE53_4D42), ("smb", 0x517B), ("ceph", 0x00C3_6400), ("afs", 0x5346_414F),
            ("gfs2", 0x0116_1970), ("ocfs2", 0x7461_636F), ("lustre", 0x0BD0_0BD0),
            ("vboxsf", 0x786F_4256), ("proc", 0x9FA0), ("sysfs", 0x6265_6572), ("unknown", 0),
        ] as [(String, UInt32)])
    func changesMayBeMissed(name: String, type: UInt32) { #expect(!notifiesChanges(type: type)) }
}
