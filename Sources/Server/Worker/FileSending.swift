import Linux

/// Sends files in slices, so that connections take turns, and in full packets.
///
/// Connections have TCP_NODELAY, so that the end of a response never waits for an acknowledgement;
/// it also sends the partial packet at the end of each call. Therefore the head waits for the file
/// (MSG_MORE), and a slice ends at a segment boundary: a small packet costs as much as a full one,
/// and wakes the receiver for few bytes.
extension Worker {
    mutating func sendFile(_ slot: Int, _ exchange: Int) -> Connection.Input {
        let location = plan.locations[Int(exchanges[exchange].location)]
        let chunk = location.sendfileMaxChunk
        var maxCount = chunk > 0 ? Int64(chunk) : 1 << 30
        if location.features.contains(.limitsRate) {
            maxCount = min(maxCount, sendableBytes(slot, exchange))
            guard maxCount > 0 else { return .limited }
        }
        if readsViaHelper(location.features) {
            maxCount = min(maxCount, FilePiece.maxCount)
            let rest = FilePiece(
                offset: exchanges[exchange].fileOffset, count: exchanges[exchange].fileRemaining)
            if startReading(maxCount, of: rest, slot, exchange) { return .fileNotInMemory }
        }
        let count = Int(slice(maxCount, slot, exchange, location.features))
        let result = Linux.sendFile(
            connections[slot].fd, from: exchanges[exchange].file,
            at: exchanges[exchange].fileOffset, count: count)
        switch result {
        case .bytes(let sent): return .sentFile(sent, of: count)
        case .wouldBlock: return .noRoom
        case .failed(let code):
            if code == Errno.ioError || code == Errno.staleFile {
                logError(.crit, "\(SystemError("sendfile()", code: code))", slot, exchange)
                return .sourceFailed
            }
            return .failed
        }
    }

    /// Returns the number of bytes to send now, at most `maxCount`: all that are left, or as many
    /// as end at a segment boundary. The first segment begins with the head.
    private mutating func slice(
        _ maxCount: Int64, _ slot: Int, _ exchange: Int, _ features: LocationFeatures
    ) -> Int64 {
        let rest = exchanges[exchange].fileRemaining
        guard rest > maxCount, !features.contains(.limitsRate) else { return min(rest, maxCount) }
        if exchanges[exchange].segmentSize == 0 {
            exchanges[exchange].segmentSize = segmentSize(connections[slot].fd)
        }
        let sent = exchanges[exchange].headBytes &+ exchanges[exchange].bodyBytes
        let excess = (sent &+ maxCount) % Int64(exchanges[exchange].segmentSize)
        return excess < maxCount ? maxCount &- excess : maxCount
    }
}

extension LocationFeatures {
    /// True if a head waits for the first bytes of its file; false if those may be delayed.
    var sendsHeadWithFile: Bool { contains(.holdsHead) || !contains(.limitsRate) }
}
