import Files
import Linux

/// The Aide: a process beside the workers that checks passwords against hashes that are slow by
/// design, so that no loop waits for one.
///
/// It may touch: its sockets to the workers. It has given up root as they have, and has none of
/// their listening sockets. It ends when all its workers have ended.
struct Aide: ~Copyable {
    /// A check that takes longer ends the Aide, and is asked of the next one once more.
    static let longestCheckSeconds: UInt32 = 10

    private let signals: Descriptor
    private var sockets: [Int32]

    init(sockets: [Int32]) throws(SystemError) {
        signals = try openSignalDescriptor(for: [.terminate])
        self.sockets = sockets
    }

    /// Answers until nobody is left to ask; `isNewcomer` when another Aide has died before it.
    mutating func run(isNewcomer: Bool) {
        if isNewcomer {
            for socket in sockets { Aide.tell(AideMessages.newcomer, to: socket) }
        }
        var message = [UInt8](repeating: 0, count: AideMessages.longest)
        while !sockets.isEmpty {
            let ready = waitUntilReadable([signals.number] + sockets, timeoutMs: -1)
            if ready.first == 0 { return }
            // One question of each worker a turn, so that none waits for all of another's.
            for index in ready.reversed() {
                let socket = sockets[index &- 1]
                let result = unsafe message.withUnsafeMutableBytes {
                    unsafe receive(socket, into: $0)
                }
                switch result {
                case .bytes(let count) where count > 0:
                    Aide.answer(message.span.extracting(0..<count), on: socket)
                case .wouldBlock: break
                case .bytes, .failed:
                    closeDescriptor(socket)
                    sockets.remove(at: index &- 1)
                }
            }
        }
    }

    private static func answer(_ question: Span<UInt8>, on socket: Int32) {
        guard let number = AideMessages.number(of: question),
            let parts = AideMessages.parts(ofQuestion: question)
        else { return }
        dieUnlessAskedAgain(within: longestCheckSeconds)
        let verdict = PasswordHash.check(
            question.extracting(parts.password..<question.count),
            against: question.extracting(parts.hash..<parts.password))
        dieUnlessAskedAgain(within: 0)
        tell(AideMessages.answer(to: number, isRight: verdict == .match), to: socket)
    }

    /// A worker asks a few questions at a time, so that there is room for their answers.
    private static func tell(_ message: [UInt8], to socket: Int32) {
        _ = unsafe message.withUnsafeBytes { unsafe send(socket, $0) }
    }
}
