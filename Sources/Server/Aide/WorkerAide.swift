import Files
import Linux
import Reactor

/// What a worker does with the Aide's answers.
extension Worker {
    /// Takes them all.
    mutating func takeAideAnswers() {
        let (wasOpen, line) = (aide.isOpen, aide.descriptor)
        // What has changed before a file was compressed is known before it is taken over.
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
                "the aide process is gone: what it did is done here")
        }
    }

    /// Has a kept file compressed, unless somebody was asked to.
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
    /// if nothing is heard of it.
    mutating func lookAtAide() {
        // What has come meanwhile counts.
        takeAideAnswers()
        if aide.look(nowMs: clock.monotonicMs) {
            context.errorLog.write(
                .error, "the helper process does not respond: what it was asked is given up")
            context.tell(.helperIsStuck)
        }
        takeAideAnswers()
        aideLookMs = aide.nextLookMs
    }
}

/// A line that the worker holds by reference.
final class AideBox {
    var line: AideLine

    init(_ line: AideLine) { self.line = line }
}
