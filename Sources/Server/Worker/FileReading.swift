import Files
import HTTP
import Linux

/// `aio threads`: the helper process reads bytes of a file that are not in the page cache before
/// they are sent, so that the event loop does not wait for a disk. Path lookups and open(2) happen
/// in the worker, as in nginx.
enum FileReading {
    /// Returns true if a location's files are read by the helper process and it is running.
    static func readsViaHelper(_ features: LocationFeatures, _ services: borrowing Services) -> Bool
    {
        features.contains(.readsViaHelper) && services.helper.isOpen
    }

    /// Starts a read by the helper process if the next bytes of a request's file are not in the
    /// page cache. Returns true if the response has to wait. `rest` is the unsent part of the file,
    /// which is read up to the maximum length of a piece.
    static func startReading(
        _ next: Int64, of rest: FilePiece, _ request: inout Request, _ services: inout Services
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
        services.helper.submit(
            toRead: piece, of: file, for: reader(request.slot, services),
            of: WaitingClient(services.peers[request.slot]),
            nowMs: services.clock.monotonicMs)
        services.helperCheckMs = services.helper.nextCheckMs
        return true
    }

    private static func reader(_ slot: Slot, _ services: borrowing Services) -> HelperClient.Waiter
    {
        HelperClient.Waiter(slot: slot, generation: services.connections[slot].generation)
    }

    /// Cancels a read at the end of a response or when its client disconnects.
    static func cancelReading(_ request: inout Request, _ services: inout Services) {
        guard request.isReading else { return }
        request.isReading = false
        request.isWaiting = false
        services.helper.cancel(reader(request.slot, services))
    }
}
