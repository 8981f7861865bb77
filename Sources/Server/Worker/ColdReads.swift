import Files
import HTTP
import Linux

/// `aio threads`: bytes of a file that are not in the page cache are read by the helper process
/// before they are sent, so that the event loop does not wait for a disk. Path lookups and open(2)
/// happen here, as in nginx.
extension Worker {
    /// Returns true if a location's files are read by the helper process and it is running.
    func readsViaHelper(_ features: LocationFeatures) -> Bool {
        features.contains(.readsViaHelper) && helper.isOpen
    }

    /// Requests that the next bytes of an exchange's file are read, unless they are in the page
    /// cache. Returns true if the response has to wait. `rest` is all that follows, of which more
    /// is read then.
    mutating func startReading(
        _ next: Int64, of rest: FilePiece, _ slot: Int, _ exchange: Int
    ) -> Bool {
        let file = exchanges[exchange].file
        var piece = rest
        piece.count = min(next, rest.count)
        guard piece.count > 0, file >= 0, piece.end > exchanges[exchange].readAheadEnd else {
            return false
        }
        if pageCacheState(of: file, at: piece.offset) == .cached,
            pageCacheState(of: file, at: piece.end &- 1) == .cached
        {
            return false
        }
        piece.count = min(rest.count, FilePiece.longest)
        exchanges[exchange].isReading = true
        exchanges[exchange].isWaiting = true
        exchanges[exchange].readAheadEnd = piece.end
        helper.submit(
            toRead: piece, of: file, for: reader(slot), of: WaitingClient(peers[slot]),
            nowMs: clock.monotonicMs)
        helperCheckMs = helper.nextCheckMs
        return true
    }

    private func reader(_ slot: Int) -> HelperClient.Waiter {
        HelperClient.Waiter(slot: slot, generation: connections[slot].generation)
    }

    /// Continues a response after the helper process has read its bytes, or failed to.
    mutating func resumeReading(_ asker: HelperClient.Waiter, isRead: Bool) {
        guard connections[asker.slot].generation == asker.generation,
            connections[asker.slot].exchange != 0
        else { return }
        let exchange = Int(connections[asker.slot].exchange) &- 1
        guard exchanges[exchange].isReading else { return }
        exchanges[exchange].isReading = false
        exchanges[exchange].isWaiting = false
        // If two helper processes have died of it, the read is not tried here.
        guard isRead || !helper.isOpen else { return drive(asker.slot, .sourceFailed) }
        if exchanges[exchange].entry >= 0 { files.loadBytes(of: exchanges[exchange].entry) }
        drive(asker.slot, .fileRead)
    }

    /// Cancels a read at the end of a response or when its client disconnects.
    mutating func cancelReading(_ slot: Int, _ exchange: Int) {
        guard exchanges[exchange].isReading else { return }
        exchanges[exchange].isReading = false
        exchanges[exchange].isWaiting = false
        helper.cancel(reader(slot))
    }
}
