import Linux

/// Finds the slots of a table by hash: open addressing, at most half full. A cell holds half of the
/// hash and the place, so that a lookup rarely reads a place with another key.
public struct SlotIndex: ~Copyable {
    /// Cells: the upper half is that of the hash, the lower half the place plus one; 0 is free.
    @usableFromInline var cells: ZeroedStorage<UInt64>
    @usableFromInline let mask: Int

    /// Creates an index of up to `slots` slots.
    public init(slots: Int) {
        var size = 16
        while size < slots &* 2 { size &*= 2 }
        cells = ZeroedStorage(count: size)
        mask = size &- 1
    }

    /// Returns the cell where the lookup of a hash begins.
    @inlinable @inline(__always)
    public func start(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> 32) & mask }

    /// Returns the next place that may have this hash; nil after the last one. `cursor` is from
    /// ``start(_:)``.
    @inlinable @inline(__always)
    public func next(_ hash: UInt64, at cursor: inout Int) -> Int? {
        while true {
            let cell = cells[cursor]
            guard cell != 0 else { return nil }
            cursor = (cursor &+ 1) & mask
            if cell &>> 32 == hash &>> 32 {
                return Int(truncatingIfNeeded: cell & 0xFFFF_FFFF) &- 1
            }
        }
    }

    /// Inserts a place that is not in the index yet.
    public mutating func insert(_ place: Int, _ hash: UInt64) {
        var cursor = start(hash)
        while cells[cursor] != 0 { cursor = (cursor &+ 1) & mask }
        cells[cursor] = (hash & ~0xFFFF_FFFF) | UInt64(truncatingIfNeeded: place &+ 1)
    }

    /// Removes a place.
    public mutating func remove(_ place: Int, _ hash: UInt64) {
        var cursor = start(hash)
        while true {
            let cell = cells[cursor]
            guard cell != 0 else { return }
            if Int(truncatingIfNeeded: cell & 0xFFFF_FFFF) == place &+ 1 { break }
            cursor = (cursor &+ 1) & mask
        }
        // Cells that follow move up, unless that would put them before their own start.
        var hole = cursor
        while true {
            cursor = (cursor &+ 1) & mask
            let cell = cells[cursor]
            guard cell != 0 else { break }
            let home = start(cell)
            if (cursor &- home) & mask >= (cursor &- hole) & mask {
                cells[hole] = cell
                hole = cursor
            }
        }
        cells[hole] = 0
    }
}
