import Files
import Linux
import Reactor

/// Handling of the helper process's replies in a worker.
extension Worker {
    /// Handles all replies that have arrived.
    mutating func handleHelperReplies() {
        let (wasOpen, line) = (helper.isOpen, helper.descriptor)
        // Changes before a file was compressed are processed before its compressed body is stored.
        if ChangeFeed.hasPendingChanges { files.processChanges() }
        while let response = helper.nextReply() {
            switch response {
            case .password(let pair, let isCorrect, let waiters):
                applyVerdict(pair, isCorrect: isCorrect, waiters)
            case .compressed(let file, let body):
                files.adopt(body, for: file.entry, file.generation, nowMs: clock.monotonicMs)
            case .read(let isRead, let waiters):
                for asker in waiters { resumeReading(asker, isRead: isRead) }
            case .notCompressed(let file):
                files.abandonCompression(file.entry, file.generation, nowMs: clock.monotonicMs)
            }
        }
        if wasOpen, !helper.isOpen {
            poller.unregister(line)
            context.errorLog.write(
                .notice,
                "helper process exited; its work continues in the worker")
        }
    }

    /// Requests the compression of a cached file, unless it was requested before.
    mutating func requestVariant(of entry: Int32) {
        guard helper.canQueueCompression,
            let body = files.beginCompression(entry, nowMs: clock.monotonicMs)
        else {
            return
        }
        helper.submit(
            HelperClient.CacheEntryRef(entry: entry, generation: files[entry].generation),
            toCode: body,
            nowMs: clock.monotonicMs)
        helperCheckMs = helper.nextCheckMs
    }

    /// Bounds the time that requests wait for the helper process, and asks the master to replace it
    /// if it does not respond.
    mutating func checkHelper() {
        // Replies that arrived in the meantime count.
        handleHelperReplies()
        if helper.checkTimeouts(nowMs: clock.monotonicMs) {
            context.errorLog.write(
                .error, "the helper process does not respond; its pending jobs failed")
            context.notifyMaster(.helperIsStuck)
        }
        handleHelperReplies()
        helperCheckMs = helper.nextCheckMs
    }
}

/// The client of the helper process, held by reference.
final class HelperClientBox {
    var client: HelperClient

    init(_ line: HelperClient) { self.client = line }
}
