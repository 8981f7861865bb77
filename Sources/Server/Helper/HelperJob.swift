import Files
import Linux

// The types of jobs, replies and waiters.
extension HelperClient {
    /// A connection that waits for a reply.
    struct Waiter: Equatable {
        let slot: Int
        let generation: UInt32
    }

    /// A reference to a file in the cache.
    struct CacheEntryRef: Equatable {
        let entry: Int32
        let generation: UInt32
    }

    /// The subject of a job.
    enum Subject: Equatable {
        case password(PasswordPair)
        case compression(CacheEntryRef)
        case read

        /// True for a compression, which no request waits for.
        var isCompression: Bool { if case .compression = self { true } else { false } }
    }

    /// The result of a job.
    enum Reply {
        /// A verified password; nil if it could not be verified.
        case password(PasswordPair, isCorrect: Bool?, waiters: [Waiter])
        /// A compressed file; nil if it cannot be compressed.
        case compressed(CacheEntryRef, CompressedBody?)
        /// A compression that failed for lack of a helper process.
        case notCompressed(CacheEntryRef)
        /// True if a piece of a file was read into the page cache.
        case read(Bool, waiters: [Waiter])
    }

    /// A job that is queued or was sent.
    struct Job {
        let number: UInt64
        let subject: Subject
        let message: [UInt8]
        /// The descriptor to pass, which the caller owns; -1 for none.
        var descriptor: Int32 = -1
        /// The client whose turn the job counts for; nil for a compression.
        let client: WaitingClient?
        let sinceMs: Int64
        /// The slots of the connections that wait for the reply.
        var waiters = SlotList()
        var attempts = 0
    }

    /// The number of jobs of one kind that were sent, and its limit.
    struct InFlightLimit {
        let limit: Int
        var inFlight = 0

        var isFull: Bool { inFlight >= limit }
    }
}
