import Files
import HTTP
import Linux

/// `aio threads`: the helper process reads bytes of a file that are not in the page cache before
/// they are sent, so that the event loop does not wait for a disk. Path lookups and open(2) happen
/// in the worker, as in nginx.
extension Worker {
    /// Returns true if a location's files are read by the helper process and it is running.
    func readsViaHelper(_ features: LocationFeatures) -> Bool {
        features.contains(.readsViaHelper) && helper.isOpen
    }

    /// Starts a read by the helper process if the next bytes of a request's file are not in the
    /// page cache. Returns true if the response has to wait. `rest` is the unsent part of the file,
    /// which is read up to the maximum length of a piece.
    mutating func startReading(
        _ next: Int64, of rest: FilePiece, _ request: inout Request
    ) -> Bool {
        let file = request.file
        var piece = rest
        piece.count = min(next, rest.count)
        guard piece.count > 0, file >= 0, piece.end > request.readAheadEnd else {
            return false
        }
        if pageCacheState(of: file, at: piece.offset) == .cached,
            pageCacheState(of: file, at: piece.end &- 1) == .cached
        {
            return false
        }
        piece.count = min(rest.count, FilePiece.maxCount)
        request.isReading = true
        request.isWaiting = true
        request.readAheadEnd = piece.end
        helper.submit(
            toRead: piece, of: file, for: reader(request.slot),
            of: WaitingClient(peers[request.slot]),
            nowMs: clock.monotonicMs)
        helperCheckMs = helper.nextCheckMs
        return true
    }

    private func reader(_ slot: Int) -> HelperClient.Waiter {
        HelperClient.Waiter(slot: slot, generation: connections[slot].generation)
    }

    /// Continues a response after the helper process has read its bytes, or failed to.
    mutating func resumeReading(_ waiter: HelperClient.Waiter, isRead: Bool) {
        guard connections[waiter.slot].generation == waiter.generation,
            connections[waiter.slot].request != 0
        else { return }
        let index = Int(connections[waiter.slot].request) &- 1
        guard requests[index].isReading else { return }
        requests[index].isReading = false
        requests[index].isWaiting = false
        // If the helper process runs but failed to read, the worker does not try: two helper
        // processes may have died of it. Without a helper process, the worker reads the bytes.
        guard isRead || !helper.isOpen else { return drive(waiter.slot, .sourceFailed) }
        if requests[index].entry >= 0 { files.loadBytes(of: requests[index].entry) }
        drive(waiter.slot, .fileRead)
    }

    /// Cancels a read at the end of a response or when its client disconnects.
    mutating func cancelReading(_ request: inout Request) {
        guard request.isReading else { return }
        request.isReading = false
        request.isWaiting = false
        helper.cancel(reader(request.slot))
    }
}
