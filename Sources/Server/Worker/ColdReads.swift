import Files
import HTTP
import Linux

/// `aio threads`: what of a file is not in the page cache is read there by the Aide before it is
/// sent, so that the loop waits for no disk. Looking up and opening a file is done here, as nginx
/// does it.
extension Worker {
    /// Whether a location's files are read by somebody else, who is there.
    func readsElsewhere(_ features: LocationFeatures) -> Bool {
        features.contains(.readsElsewhere) && aide.isOpen
    }

    /// Has the next bytes of an exchange's file read, unless they are at hand already: whether that
    /// has to be waited for. `rest` is what follows at all, of which more is read then.
    mutating func awaits(
        _ next: Int64, of rest: FilePiece, _ slot: Int, _ exchange: Int
    ) -> Bool {
        let file = exchanges[exchange].file
        var piece = rest
        piece.count = min(next, rest.count)
        guard piece.count > 0, file >= 0, piece.end > exchanges[exchange].readEnd else {
            return false
        }
        if residence(of: file, at: piece.offset) == .cached,
            residence(of: file, at: piece.end &- 1) == .cached
        {
            return false
        }
        piece.count = min(rest.count, FilePiece.longest)
        exchanges[exchange].isReading = true
        exchanges[exchange].isWaiting = true
        exchanges[exchange].readEnd = piece.end
        aide.ask(
            toRead: piece, of: file, for: reader(slot), of: WaitingClient(peers[slot]),
            nowMs: clock.monotonicMs)
        aideLookMs = aide.nextLookMs
        return true
    }

    private func reader(_ slot: Int) -> AideLine.Asker {
        AideLine.Asker(slot: slot, generation: connections[slot].generation)
    }

    /// The Aide has read what an answer waits for, or could not.
    mutating func goOn(_ asker: AideLine.Asker, isRead: Bool) {
        guard connections[asker.slot].generation == asker.generation,
            connections[asker.slot].exchange != 0
        else { return }
        let exchange = Int(connections[asker.slot].exchange) &- 1
        guard exchanges[exchange].isReading else { return }
        exchanges[exchange].isReading = false
        exchanges[exchange].isWaiting = false
        // Where two have died of it, it is not tried here.
        guard isRead || !aide.isOpen else { return drive(asker.slot, .sourceFailed) }
        if exchanges[exchange].entry >= 0 { files.takeBytes(of: exchanges[exchange].entry) }
        drive(asker.slot, .fileRead)
    }

    /// The answer is over, or its client has gone.
    mutating func forgetReading(_ slot: Int, _ exchange: Int) {
        guard exchanges[exchange].isReading else { return }
        exchanges[exchange].isReading = false
        exchanges[exchange].isWaiting = false
        aide.cancel(reader(slot))
    }
}
