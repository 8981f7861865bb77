import Glibc
import Linux

extension FileCache {
    /// Reads the bytes of a small file that is cached as a descriptor, after the helper process has
    /// read them into the page cache. Changes since the lookup are notified as usual.
    public mutating func loadBytes(of entry: Int32) {
        let slot = Int(entry)
        let count = Int(entries[slot].pathCount)
        guard entries[slot].kind == .regular, !entries[slot].hasBytes, !entries[slot].isDead,
            !entries[slot].isVariant, entries[slot].descriptor >= 0,
            entries[slot].fileStatus.size <= bounds.maxFileSize,
            let size = Int(exactly: entries[slot].fileStatus.size),
            byteCount &+ Int64(size) <= bounds.bytes,
            let path = unsafe entries[slot].memory, let memory = unsafe malloc(count &+ size)
        else { return }
        let room = unsafe UnsafeMutableRawBufferPointer(start: memory + count, count: size)
        guard unsafe FileCache.readAll(entries[slot].descriptor, into: room) else {
            return unsafe Glibc.free(memory)
        }
        unsafe memory.copyMemory(from: path, byteCount: count)
        unsafe Glibc.free(path)
        unsafe entries[slot].memory = memory
        entries[slot].hasBytes = true
        entryBytes &+= entries[slot].fileStatus.size
    }
}
