import Files
import Linux
import HTTP

/// The protocol between workers and the helper process: one message per packet of a SOCK_SEQPACKET
/// socket. A message begins with the number of its job, the lowest byte first, and its kind.
enum HelperProtocol {
    /// The kind of a message.
    enum Kind: UInt8 {
        /// Verify a password: the hash, preceded by its length, and the password. The reply is 1 or
        /// 0.
        case password
        /// Compress these bytes. The reply has the compressed bytes.
        case compressBytes
        /// Compress the file whose descriptor is passed. The reply has bytes, or passes the
        /// descriptor of a sealed memory file.
        case compressFile
        /// Read a piece of the file whose descriptor is passed into the page cache: its offset and
        /// size. The reply is empty.
        case read
        /// The job failed.
        case failed
    }

    private static let headCount = 9
    /// The maximum length of a message in bytes.
    static let maxLength = headCount + max(2 + 2048 + 4096, CompressedBody.maxInlineBytes)
    /// The first message of a helper process that replaces another one.
    static let replacement: [UInt8] = [0]

    /// Returns the number and kind that a message begins with, and where the rest begins; nil if it
    /// is invalid.
    static func head(of message: Span<UInt8>) -> (number: UInt64, kind: Kind, end: Int)? {
        guard message.count >= headCount, let kind = Kind(rawValue: message[8]),
            let number = message.littleEndian(at: 0)
        else { return nil }
        return (number, kind, headCount)
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: number)
        return bytes
    }

    /// Encodes a message of a kind about the job with this number.
    static func message(_ number: UInt64, _ kind: Kind, _ rest: [UInt8] = []) -> [UInt8] {
        bytes(of: number) + [kind.rawValue] + rest
    }

    /// Encodes a request to read a piece of a file.
    static func request(_ number: UInt64, read piece: FilePiece) -> [UInt8] {
        message(
            number, .read,
            bytes(of: UInt64(bitPattern: piece.offset))
                + bytes(of: UInt64(bitPattern: piece.count)))
    }

    /// Decodes the piece of a read request; nil if it is invalid.
    static func piece(ofQuestion message: Span<UInt8>) -> FilePiece? {
        guard let offset = message.littleEndian(at: headCount),
            let count = message.littleEndian(at: headCount &+ 8),
            offset <= Int64.max, count <= FilePiece.maxCount
        else { return nil }
        return FilePiece(offset: Int64(offset), count: Int64(count))
    }

    /// Encodes a request to verify a password.
    static func request(_ number: UInt64, hash: [UInt8], password: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: hash.count)
        let length = [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        return message(number, .password, length + hash + password)
    }

    /// Decodes a request to verify a password: the start of the hash, and its end, where the
    /// password begins; nil if it is invalid.
    static func parts(ofQuestion message: Span<UInt8>) -> (hash: Int, password: Int)? {
        let start = headCount &+ 2
        guard message.count >= start else { return nil }
        let end = start &+ (Int(message[headCount]) | Int(message[headCount &+ 1]) << 8)
        return end <= message.count ? (start, end) : nil
    }

    static func reply(to number: UInt64, isCorrect: Bool) -> [UInt8] {
        message(number, .password, [isCorrect ? 1 : 0])
    }
}

// The types of jobs, replies and waiters.
extension HelperClient {
    /// A connection that waits for a reply.
    struct Waiter: Equatable {
        let slot: Slot
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

/// The parts of a configuration that need the helper process.
