import Files
import Linux

// The types of jobs, replies and waiters.
extension AideLine {
    /// A connection that waits for a reply.
    struct Asker: Equatable {
        let slot: Int
        let generation: UInt32
    }

    /// A reference to a file in the cache.
    struct KeptFile: Equatable {
        let entry: Int32
        let generation: UInt32
    }

    /// The subject of a job.
    enum Matter: Equatable {
        case password(PasswordPair)
        case coding(KeptFile)
        case reading

        /// True for a compression, which no request waits for.
        var isCoding: Bool { if case .coding = self { true } else { false } }
    }

    /// The result of a job.
    enum Answer {
        /// A verified password; nil if it could not be verified.
        case password(PasswordPair, isRight: Bool?, askers: [Asker])
        /// A compressed file; nil if it cannot be compressed.
        case coded(KeptFile, CodedBody?)
        /// A compression that failed for lack of a helper process.
        case uncoded(KeptFile)
        /// True if a piece of a file was read into the page cache.
        case read(Bool, askers: [Asker])
    }

    /// A job that is queued or was sent.
    struct Question {
        let number: UInt64
        let matter: Matter
        let message: [UInt8]
        /// The descriptor to pass, which the caller owns; -1 for none.
        var descriptor: Int32 = -1
        /// The client whose turn the job counts for; nil for a compression.
        let client: WaitingClient?
        let sinceMs: Int64
        /// The slots of the connections that wait for the reply.
        var askers = SlotList()
        var tries = 0
    }

    /// The number of jobs of one kind that were sent, and its limit.
    struct Lane {
        let most: Int
        var asked = 0

        var isFull: Bool { asked >= most }
    }
}
