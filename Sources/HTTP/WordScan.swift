/// Reads of eight bytes with one instruction. The range is checked against the span once per call,
/// not for every word.
extension Span where Element == UInt8 {
    /// Returns the eight bytes at `offset`, the first one lowest. They must be in the span.
    @unsafe @inline(__always)
    func word(unchecked offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// Returns the four bytes at `offset`, the first one lowest. They must be in the span.
    @unsafe @inline(__always)
    func halfWord(unchecked offset: Int) -> UInt32 {
        UInt32(
            littleEndian: unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt32.self))
    }

    /// Returns the last one to seven bytes before `end`, from `index` on, followed by zeros. There
    /// must be eight bytes before `end`.
    @unsafe @inline(__always)
    private func tail(unchecked index: Int, to end: Int) -> UInt64 {
        let missing = UInt64(truncatingIfNeeded: 8 &- (end &- index))
        return unsafe word(unchecked: end &- 8) &>> (missing &* 8)
    }

    /// Traps unless all bytes from `start` to `end` are in the span.
    @inline(__always)
    private func check(from start: Int, to end: Int) {
        precondition(UInt(bitPattern: start) <= UInt(bitPattern: end) && end <= count)
    }

    /// Returns the index of the first byte from `start` to `end`, exclusive, for which `hits` sets
    /// the highest bit; `end` if there is none. Only the lowest bit that `hits` sets must be exact.
    @inline(__always)
    private func firstIndex(
        from start: Int, to end: Int, where hits: (UInt64) -> UInt64
    ) -> Int {
        check(from: start, to: end)
        var index = start
        var found: UInt64 = 0
        while index <= end &- 8 {
            found = unsafe hits(word(unchecked: index))
            if found != 0 { return index &+ found.trailingZeroBitCount &>> 3 }
            index &+= 8
        }
        guard index < end else { return end }
        if end >= 8 {
            found = unsafe hits(tail(unchecked: index, to: end))
        } else {
            var word: UInt64 = 0
            for place in 0..<(end &- index) {
                let byte = unsafe self[unchecked: index &+ place]
                word |= UInt64(byte) &<< UInt64(truncatingIfNeeded: place &* 8)
            }
            found = hits(word)
        }
        // The zeros after the last byte may be hits too.
        return min(end, index &+ found.trailingZeroBitCount &>> 3)
    }

    /// Returns the index of the first byte below 0x0E (a line end, NUL, tab or another control
    /// character) from `start` to `end`, exclusive; `end` if there is none.
    @inline(__always)
    func firstControl(from start: Int, to end: Int) -> Int {
        check(from: start, to: end)
        var index = start
        while index <= end &- 16 {
            let first = unsafe word(unchecked: index)
            let second = unsafe word(unchecked: index &+ 8)
            // The classic test for "a byte less than n"; the lowest hit is exact.
            let firstHits = (first &- 0x0E0E_0E0E_0E0E_0E0E) & ~first
            let secondHits = (second &- 0x0E0E_0E0E_0E0E_0E0E) & ~second
            if (firstHits | secondHits) & 0x8080_8080_8080_8080 != 0 {
                let hits = firstHits & 0x8080_8080_8080_8080
                if hits != 0 { return index &+ hits.trailingZeroBitCount &>> 3 }
                let others = secondHits & 0x8080_8080_8080_8080
                return index &+ 8 &+ others.trailingZeroBitCount &>> 3
            }
            index &+= 16
        }
        return firstIndex(from: index, to: end) {
            ($0 &- 0x0E0E_0E0E_0E0E_0E0E) & ~$0 & 0x8080_8080_8080_8080
        }
    }

    /// Returns the index of the first byte below 0x20, or DEL, from `start` to `end`, exclusive;
    /// `end` if there is none.
    @inline(__always)
    func firstControlOrDelete(from start: Int, to end: Int) -> Int {
        firstIndex(from: start, to: end) {
            let delete = $0 ^ 0x7F7F_7F7F_7F7F_7F7F
            let controls = ($0 &- 0x2020_2020_2020_2020) & ~$0
            return (controls | (delete &- 0x0101_0101_0101_0101) & ~delete)
                & 0x8080_8080_8080_8080
        }
    }

    /// True if all bytes are printable ASCII, and none is a quote or a backslash.
    public var isPlainText: Bool {
        firstIndex(from: 0, to: count) {
            let ones: UInt64 = 0x0101_0101_0101_0101
            let quote = $0 ^ 0x2222_2222_2222_2222
            let backslash = $0 ^ 0x5C5C_5C5C_5C5C_5C5C
            let controls = ($0 &- 0x2020_2020_2020_2020) & ~$0
            // From DEL on, a byte or its successor has the highest bit set.
            let others = $0 | ($0 &+ ones)
            return (controls | others | (quote &- ones) & ~quote | (backslash &- ones) & ~backslash)
                & 0x8080_8080_8080_8080
        } == count
    }

    /// Returns the index of the first `byte`, not NUL, from `start` to `end`, exclusive; `end` if
    /// there is none.
    @inline(__always)
    func firstIndex(of byte: UInt8, from start: Int, to end: Int) -> Int {
        let pattern = UInt64(byte) &* 0x0101_0101_0101_0101
        return firstIndex(from: start, to: end) {
            let difference = $0 ^ pattern
            return (difference &- 0x0101_0101_0101_0101) & ~difference & 0x8080_8080_8080_8080
        }
    }

    /// Returns the index of the first byte from `start` to `end`, exclusive, that is no ASCII
    /// letter, digit or `-`; `end` if there is none.
    @inline(__always)
    func firstNotPlain(from start: Int, to end: Int) -> Int {
        firstIndex(from: start, to: end) { notPlain($0) }
    }

    /// Returns true if the bytes from `start` to `end` are ASCII letters, digits, `-` and `.`,
    /// without adjacent dots, and there are any. Also returns false if checking would be slow: for
    /// a short name at the end of the span.
    @inline(__always)
    func isPlainHost(from start: Int, to end: Int) -> Bool {
        guard start < end else { return false }
        check(from: start, to: end)
        if end &- start < 8 {
            guard start <= count &- 8 else { return false }
            let kept = (1 as UInt64) &<< UInt64(truncatingIfNeeded: (end &- start) &* 8) &- 1
            return unsafe isHost(word(unchecked: start) & kept | 0x2D2D_2D2D_2D2D_2D2D & ~kept)
        }
        var index = start
        // Seven at a time: adjacent dots are both in this word or both in the next.
        while index < end &- 8 {
            guard unsafe isHost(word(unchecked: index)) else { return false }
            index &+= 7
        }
        return unsafe isHost(word(unchecked: end &- 8))
    }

    /// Returns true if eight bytes are ASCII letters, digits, `-` and `.`, without adjacent dots.
    @inline(__always)
    private func isHost(_ word: UInt64) -> Bool {
        let others = (word & 0x7F7F_7F7F_7F7F_7F7F) ^ 0x2E2E_2E2E_2E2E_2E2E
        let dots = ~(others &+ 0x7F7F_7F7F_7F7F_7F7F) & ~word & 0x8080_8080_8080_8080
        // A dot becomes a dash, which is plain: the two differ by three.
        return dots & (dots &>> 8) == 0 && notPlain(word ^ (dots &>> 7) &* 3) == 0
    }

    /// Returns the highest bit of each byte that is no ASCII letter, digit or `-`: a sum has that
    /// bit if its byte is at or after the start of a range, or after its end. No sum carries over.
    @inline(__always)
    private func notPlain(_ word: UInt64) -> UInt64 {
        let high: UInt64 = 0x8080_8080_8080_8080
        let low = word & ~high
        let folded = low | 0x2020_2020_2020_2020
        let letters =
            (folded &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(folded &+ 0x0505_0505_0505_0505)
        let digits = (low &+ 0x5050_5050_5050_5050) & ~(low &+ 0x4646_4646_4646_4646)
        let notDashes = (low ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F
        return (~(letters | digits) & notDashes | word) & high
    }

    /// Returns the index of the first byte from `start` to `end`, exclusive, that is a space or
    /// below, DEL, `?` or `#`; `end` if there is none.
    @inline(__always)
    func firstTargetDelimiter(from start: Int, to end: Int) -> Int {
        firstIndex(from: start, to: end) { word in
            let deletes = word ^ 0x7F7F_7F7F_7F7F_7F7F
            let marks = word ^ 0x3F3F_3F3F_3F3F_3F3F
            let hashes = word ^ 0x2323_2323_2323_2323
            // The lowest hit is exact for each of the four, so it is for all of them.
            return
                ((word &- 0x2121_2121_2121_2121) & ~word
                | (deletes &- 0x0101_0101_0101_0101) & ~deletes
                | (marks &- 0x0101_0101_0101_0101) & ~marks
                | (hashes &- 0x0101_0101_0101_0101) & ~hashes) & 0x8080_8080_8080_8080
        }
    }

    /// Returns true if the bytes at `offset` are those of `name`, which is in lower case and has at
    /// least three bytes. With `foldsCase`, letters match in either case. The span must have as
    /// many bytes as the name.
    @inline(__always)
    func matches(_ name: StaticString, at offset: Int, foldsCase: Bool) -> Bool {
        let length = name.utf8CodeUnitCount
        check(from: offset, to: offset &+ length)
        if length >= 8 {
            var index = 0
            while index < length &- 8 {
                guard
                    unsafe agrees(
                        word(unchecked: offset &+ index), with: name.word(at: index), foldsCase)
                else { return false }
                index &+= 8
            }
            return unsafe agrees(
                word(unchecked: offset &+ length &- 8), with: name.word(at: length &- 8),
                foldsCase)
        }
        if length >= 4 {
            // Two halves that overlap cover four to seven bytes.
            let mine =
                unsafe UInt64(halfWord(unchecked: offset)) << 32
                | UInt64(halfWord(unchecked: offset &+ length &- 4))
            let other =
                UInt64(name.halfWord(at: 0)) << 32 | UInt64(name.halfWord(at: length &- 4))
            return agrees(mine, with: other, foldsCase)
        }
        for index in 0..<length {
            let byte = self[offset &+ index]
            guard (foldsCase ? byte.asciiLowercased : byte) == name.byte(at: index) else {
                return false
            }
        }
        return true
    }

    /// Returns true if eight bytes match eight bytes of a name in lower case. Of a name's bytes
    /// only letters have bit 0x40, so bit 0x20 is set exactly where the name has a letter.
    @inline(__always)
    private func agrees(_ word: UInt64, with name: UInt64, _ foldsCase: Bool) -> Bool {
        let fold = foldsCase ? (name & 0x4040_4040_4040_4040) >> 1 : 0
        return word | fold == name
    }
}

extension StaticString {
    /// Returns the eight bytes at `offset`, which must be in the string.
    @inline(__always)
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(
            littleEndian: unsafe UnsafeRawPointer(utf8Start).loadUnaligned(
                fromByteOffset: offset, as: UInt64.self))
    }

    /// Returns the four bytes at `offset`, which must be in the string.
    @inline(__always)
    fileprivate func halfWord(at offset: Int) -> UInt32 {
        UInt32(
            littleEndian: unsafe UnsafeRawPointer(utf8Start).loadUnaligned(
                fromByteOffset: offset, as: UInt32.self))
    }
}
