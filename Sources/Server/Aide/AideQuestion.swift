import Files
import Linux

// The parts of what a worker asks the Aide.
extension AideLine {
    /// A connection that waits.
    struct Asker: Equatable {
        let slot: Int
        let generation: UInt32
    }

    /// A file of the cache.
    struct KeptFile: Equatable {
        let entry: Int32
        let generation: UInt32
    }

    /// What a question is about.
    enum Matter: Equatable {
        case password(PasswordPair)
        case coding(KeptFile)
        case reading

        /// Nobody waits for it.
        var isCoding: Bool { if case .coding = self { true } else { false } }
    }

    /// What became of a question.
    enum Answer {
        /// nil when there is no answer to be had.
        case password(PasswordPair, isRight: Bool?, askers: [Asker])
        /// nil when it cannot be compressed.
        case coded(KeptFile, CodedBody?)
        /// Nobody is there to compress it.
        case uncoded(KeptFile)
        /// A piece of a file is in the page cache, or not to be had there.
        case read(Bool, askers: [Asker])
    }

    /// A question that waits or was asked.
    struct Question {
        let number: UInt64
        let matter: Matter
        let message: [UInt8]
        /// What goes with it, somebody else's; -1 for nothing.
        var descriptor: Int32 = -1
        /// The client that a turn is counted for; nil for a compression.
        let client: WaitingClient?
        let sinceMs: Int64
        /// The slots of the connections that wait for the answer.
        var askers = SlotList()
        var tries = 0
    }

    /// The questions of one kind that the Aide has, and how many it may have.
    struct Lane {
        let most: Int
        var asked = 0

        var isFull: Bool { asked >= most }
    }
}
