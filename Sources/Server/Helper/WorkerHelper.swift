import Files
import Linux
import Reactor

/// Handling of the helper process's replies in a worker.
extension Worker {
    /// Handles all replies that have arrived.
    mutating func handleHelperReplies() {
        let (wasOpen, line) = (services.helper.isOpen, services.helper.descriptor)
        // Changes before a file was compressed are processed before its compressed body is stored.
        if ChangeFeed.hasPendingChanges { services.files.processChanges() }
        while let response = services.helper.nextReply() {
            switch response {
            case .password(let pair, let isCorrect, let waiters):
                applyVerdict(pair, isCorrect: isCorrect, waiters)
            case .compressed(let file, let body):
                services.files.adopt(
                    body, for: file.entry, file.generation, nowMs: services.clock.monotonicMs)
            case .read(let isRead, let waiters):
                for asker in waiters { resumeReading(asker, isRead: isRead) }
            case .notCompressed(let file):
                services.files.abandonCompression(
                    file.entry, file.generation, nowMs: services.clock.monotonicMs)
            }
        }
        if wasOpen, !services.helper.isOpen {
            poller.unregister(line)
            services.context.errorLog.write(
                .notice,
                "helper process exited; its work continues in the worker")
        }
    }

    /// Handles the verdict of the helper process; the requests that waited for it continue.
    mutating func applyVerdict(
        _ pair: PasswordPair, isCorrect: Bool?, _ waiters: [HelperClient.Waiter]
    ) {
        if isCorrect == true {
            services.passwordState.verified.remember(pair, nowMs: services.clock.monotonicMs)
        }
        for waiter in waiters { resumeAfterCheck(waiter, (pair: pair, isCorrect: isCorrect)) }
    }

    private mutating func resumeAfterCheck(
        _ waiter: HelperClient.Waiter, _ reply: (pair: PasswordPair, isCorrect: Bool?)
    ) {
        guard services.connections[waiter.slot].generation == waiter.generation,
            services.connections[waiter.slot].request != 0
        else { return }
        let index = Int(services.connections[waiter.slot].request) &- 1
        guard let context = requests[index].context, context.passwordCheck.waiter == waiter else {
            return
        }
        context.passwordCheck.waiter = nil
        context.passwordCheck.verdict = reply
        if reply.isCorrect == nil, services.helper.isOpen {
            services.logError(
                .crit,
                "cannot check a password: the helper process died or did not respond",
                requests[index])
        }
        resume(waiter.slot)
    }

    /// Continues a response after the helper process has read its bytes, or failed to.
    mutating func resumeReading(_ waiter: HelperClient.Waiter, isRead: Bool) {
        guard services.connections[waiter.slot].generation == waiter.generation,
            services.connections[waiter.slot].request != 0
        else { return }
        let index = Int(services.connections[waiter.slot].request) &- 1
        guard requests[index].isReading else { return }
        requests[index].isReading = false
        requests[index].isWaiting = false
        // If the helper process runs but failed to read, the worker does not try: two helper
        // processes may have died of it. Without a helper process, the worker reads the bytes.
        guard isRead || !services.helper.isOpen else { return drive(waiter.slot, .sourceFailed) }
        if requests[index].entry >= 0 { services.files.loadBytes(of: requests[index].entry) }
        drive(waiter.slot, .fileRead)
    }

    /// Bounds the time that requests wait for the helper process, and asks the master to replace it
    /// if it does not respond.
    mutating func checkHelper() {
        // Replies that arrived in the meantime count.
        handleHelperReplies()
        if services.helper.checkTimeouts(nowMs: services.clock.monotonicMs) {
            services.context.errorLog.write(
                .error, "the helper process does not respond; its pending jobs failed")
            services.context.notifyMaster(.helperIsStuck)
        }
        handleHelperReplies()
        services.helperCheckMs = services.helper.nextCheckMs
    }
}

/// The client of the helper process, held by reference.
final class HelperClientBox {
    var client: HelperClient

    init(_ line: HelperClient) { self.client = line }
}
