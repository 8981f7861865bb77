/// What workers and the Aide say to each other: one message a packet of a socket that keeps packets
/// apart (SOCK_SEQPACKET). Numbers have their lowest byte first.
enum AideMessages {
    /// Bytes of the longest question.
    static let longest = 10 + 2048 + 4096
    /// What an Aide that takes the place of another one says first.
    static let newcomer: [UInt8] = [0]

    /// Whether a password is the one of a hash; the number is for the answer.
    static func question(_ number: UInt64, hash: [UInt8], password: [UInt8]) -> [UInt8] {
        let count = UInt16(clamping: hash.count)
        return bytes(of: number)
            + [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)]
            + hash + password
    }

    /// The hash and the password of a question: where one begins, and where it ends and the other
    /// begins; nil when the message is none.
    static func parts(ofQuestion message: Span<UInt8>) -> (hash: Int, password: Int)? {
        guard message.count >= 10 else { return nil }
        let end = 10 &+ (Int(message[8]) | Int(message[9]) << 8)
        return end <= message.count ? (10, end) : nil
    }

    static func answer(to number: UInt64, isRight: Bool) -> [UInt8] {
        bytes(of: number) + [isRight ? 1 : 0]
    }

    /// What an answer says; nil when the message is none.
    static func verdict(ofAnswer message: Span<UInt8>) -> (number: UInt64, isRight: Bool)? {
        guard message.count == 9, let number = number(of: message) else { return nil }
        return (number, message[8] == 1)
    }

    /// The number that a question or an answer begins with; nil when the message is shorter.
    static func number(of message: Span<UInt8>) -> UInt64? {
        guard message.count >= 8 else { return nil }
        var number: UInt64 = 0
        for index in 0..<8 { number = number << 8 | UInt64(message[7 &- index]) }
        return number
    }

    private static func bytes(of number: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: number >> shift))
        }
        return bytes
    }
}
