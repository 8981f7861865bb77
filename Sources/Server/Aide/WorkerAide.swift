import Files
import Linux
import Reactor

/// Handling of the helper process's replies in a worker.
extension Worker {
    /// Handles all replies that have arrived.
    mutating func takeAideAnswers() {
        let (wasOpen, line) = (aide.isOpen, aide.descriptor)
        // Changes before a file was compressed are processed before its compressed body is stored.
        if ChangeFeed.hasNews { files.takeChanges() }
        while let answer = aide.takeAnswer() {
            switch answer {
            case .password(let pair, let isRight, let askers):
                takeVerdict(pair, isRight: isRight, askers)
            case .coded(let file, let body):
                files.adopt(body, for: file.entry, file.generation, nowMs: clock.monotonicMs)
            case .read(let isRead, let askers):
                for asker in askers { goOn(asker, isRead: isRead) }
            case .uncoded(let file):
                files.giveUpCoding(file.entry, file.generation, nowMs: clock.monotonicMs)
            }
        }
        if wasOpen, !aide.isOpen {
            poller.unregister(line)
            context.errorLog.write(
                .notice,
                "helper process exited; its work continues in the worker")
        }
    }

    /// Requests the compression of a cached file, unless it was requested before.
    mutating func askForVariant(of entry: Int32) {
        guard aide.takesCodings, let body = files.takeToCode(entry, nowMs: clock.monotonicMs) else {
            return
        }
        aide.ask(
            AideLine.KeptFile(entry: entry, generation: files[entry].generation), toCode: body,
            nowMs: clock.monotonicMs)
        aideLookMs = aide.nextLookMs
    }

    /// Bounds the time that requests wait for the helper process, and asks the master to replace it
    /// if it does not respond.
    mutating func lookAtAide() {
        // Replies that arrived in the meantime count.
        takeAideAnswers()
        if aide.look(nowMs: clock.monotonicMs) {
            context.errorLog.write(
                .error, "the helper process does not respond; its pending jobs failed")
            context.tell(.helperIsStuck)
        }
        takeAideAnswers()
        aideLookMs = aide.nextLookMs
    }
}

/// The client of the helper process, held by reference.
final class AideBox {
    var line: AideLine

    init(_ line: AideLine) { self.line = line }
}
