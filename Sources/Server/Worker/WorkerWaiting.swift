import Linux
import Reactor

/// Waiting for events of connections, with timeouts.
extension Worker {
    /// Waits for readiness. Returns true if the deadline has passed already.
    mutating func wait(
        _ request: inout Request, _ direction: Connection.Direction,
        _ deadline: Connection.DeadlineKind
    ) -> Bool {
        watch(request.slot, for: direction == .read ? .readable : .writable)
        let timeouts = plan.locations[Int(request.location)].timeouts
        switch deadline {
        case .header:
            // This deadline is for the whole head, from its first byte or the start of the
            // connection.
            if connections[request.slot].hasHeadDeadline, deadlines.isArmed(request.slot) {
                return false
            }
            connections[request.slot].hasHeadDeadline = true
            deadlines.arm(request.slot, list: Int(timeouts.header), nowMs: clock.monotonicMs)
        case .send: arm(request.slot, timeouts.send)
        case .keepalive: arm(request.slot, timeouts.keepalive)
        case .body, .lingering:
            if connections[request.slot].lingerUntilMs == 0 {
                connections[request.slot].lingerUntilMs =
                    clock.monotonicMs &+ timeouts.lingeringTimeMs
            }
            if clock.monotonicMs >= connections[request.slot].lingerUntilMs { return true }
            let shorter =
                deadline == .body
                && plan.durationsMs[Int(timeouts.body)]
                    < plan.durationsMs[Int(timeouts.lingering)]
            arm(request.slot, shorter ? timeouts.body : timeouts.lingering)
        }
        return false
    }

    mutating func arm(_ slot: Int, _ list: UInt16) {
        connections[slot].hasHeadDeadline = false
        deadlines.arm(slot, list: Int(list), nowMs: clock.monotonicMs)
    }

    /// Sets the events that the poller watches for, with a system call only if they change.
    @inline(__always)
    mutating func watch(_ slot: Int, for interest: Readiness) {
        if connections[slot].interest != interest.rawValue { change(slot, to: interest) }
    }

    private mutating func change(_ slot: Int, to interest: Readiness) {
        let token = Token(
            slot: UInt32(truncatingIfNeeded: slot), generation: connections[slot].generation)
        do {
            if connections[slot].interest == 0 {
                try poller.register(connections[slot].fd, for: interest, token: token)
            } else {
                try poller.modify(connections[slot].fd, for: interest, token: token)
            }
            connections[slot].interest = interest.rawValue
        } catch {
            logFailure(.alert, "\(error)")
        }
    }

    mutating func enqueue(_ slot: Int) {
        // The connection is active, so that no timeout runs except the one for a whole head.
        if !connections[slot].hasHeadDeadline { deadlines.cancel(slot) }
        guard !connections[slot].isQueued else { return }
        connections[slot].isQueued = true
        queue.append(UInt32(truncatingIfNeeded: slot))
    }

    /// Releases the connection's buffers and waits for the next request.
    mutating func keepIdle(_ request: inout Request) {
        let timeouts = plan.locations[Int(request.location)].timeouts
        releaseRequest(&request)
        watch(request.slot, for: .readable)
        if connections[request.slot].requests == 0 {
            if !silentLinks.contains(request.slot) { silentLinks.append(request.slot, to: &silent) }
            if !deadlines.isArmed(request.slot) {
                connections[request.slot].hasHeadDeadline = true
                deadlines.arm(request.slot, list: Int(timeouts.header), nowMs: clock.monotonicMs)
            }
        } else {
            connections[request.slot].idleSinceMs = clock.monotonicMs
            connections[request.slot].minKeepaliveMs = timeouts.keepaliveMinMs
            arm(request.slot, timeouts.keepalive)
        }
        if state == .draining {
            let untilMs = connections[request.slot].lastRequestDeadlineMs(
                drainingSinceMs: drainingSinceMs)
            idleUntilMs = min(idleUntilMs, untilMs)
        }
    }

    /// Shuts down our side and waits for the client to close. Returns true if the deadline for that
    /// has passed already.
    mutating func linger(_ request: inout Request) -> Bool {
        if !connectionDelimited.isEmpty { allowNormalClose(request) }
        shutdownSending(connections[request.slot].fd)
        connections[request.slot].state = .lingering
        connections[request.slot].lingerUntilMs = 0
        request.inputStart = 0
        request.inputEnd = 0
        return wait(&request, .read, .lingering)
    }
}
