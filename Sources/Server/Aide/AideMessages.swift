import Files

/// What workers and the Aide say to each other: one message a packet of a socket that keeps packets
/// apart (SOCK_SEQPACKET). A message begins with the number of its question, the lowest byte first,
/// and its kind.
enum AideMessages {
    /// What a message is about.
    enum Kind: UInt8 {
        /// Whether a password is the one of a hash: that, its length first, and the password. The
        /// answer is 1 or 0.
        case password
        /// Compress these bytes. The answer are the bytes that it came to.
        case codeBytes
        /// Compress the file whose descriptor comes with it. The answer are bytes, or comes with
        /// the descriptor of a sealed memory file.
        case codeFile
        /// Read so many bytes, from there on, of the file whose descriptor comes with it, so that
        /// they are in the page cache: two numbers. The answer has nothing more.
        case read
        /// There is no answer to be had.
        case nothing
    }

    private static let headCount = 9
    /// Bytes of the longest message.
    static let longest = headCount + max(2 + 2048 + 4096, CodedBody.longestBytes)
    /// What an Aide that takes the place of another one says first.
    static let newcomer: [UInt8] = [0]

    /// The number and kind that a message begins with, and where the rest begins; nil when it is
    /// none.
    static func head(of message: Span<UInt8>) -> (number: UInt64, kind: Kind, end: Int)? {
        guard message.count >= headCount, let kind = Kind(rawValue: message[8]),
            let number = number(in: message, at: 0)
        else { return nil }
        return (number, kind, headCount)
    }

    /// The eight bytes there as a number; nil when the message ends before.
    private static func number(in message: Span<UInt8>, at start: Int) -> UInt64? {
        guard message.count >= start &+ 8 else { return nil }
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(message[start &+ 7 &- index]) }
        return number
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        stride(from: UInt64(0), to: 64, by: 8).map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    /// A message of that kind about the question of that number.
    static func message(_ number: UInt64, _ kind: Kind, _ rest: [UInt8] = []) -> [UInt8] {
        bytes(of: number) + [kind.rawValue] + rest
    }

    /// A piece of a file is to be read.
    static func question(_ number: UInt64, read piece: FilePiece) -> [UInt8] {
        message(
            number, .read,
            bytes(of: UInt64(bitPattern: piece.offset))
                + bytes(of: UInt64(bitPattern: piece.count)))
    }

    /// Which piece that is; nil when the message says none.
    static func piece(ofQuestion message: Span<UInt8>) -> FilePiece? {
        guard let offset = number(in: message, at: headCount),
            let count = number(in: message, at: headCount &+ 8),
            offset <= Int64.max, count <= FilePiece.longest
        else { return nil }
        return FilePiece(offset: Int64(offset), count: Int64(count))
    }

    /// Whether a password is the one of a hash.
    static func question(_ number: UInt64, hash: [UInt8], password: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: hash.count)
        let length = [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
        return message(number, .password, length + hash + password)
    }

    /// The hash and the password of such a question: where one begins, and where it ends and the
    /// other begins; nil when the message is none.
    static func parts(ofQuestion message: Span<UInt8>) -> (hash: Int, password: Int)? {
        let start = headCount &+ 2
        guard message.count >= start else { return nil }
        let end = start &+ (Int(message[headCount]) | Int(message[headCount &+ 1]) << 8)
        return end <= message.count ? (start, end) : nil
    }

    static func answer(to number: UInt64, isRight: Bool) -> [UInt8] {
        message(number, .password, [isRight ? 1 : 0])
    }
}
