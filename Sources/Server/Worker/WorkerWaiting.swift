import Linux
import Reactor

/// Waiting for events of connections, with timeouts.
extension Worker {
    /// Waits for readiness. Returns true if the deadline has passed already.
    mutating func wait(
        _ slot: Int, _ exchange: Int, _ direction: Connection.Direction,
        _ deadline: Connection.DeadlineKind
    ) -> Bool {
        watch(slot, for: direction == .read ? .readable : .writable)
        let timeouts = plan.locations[Int(exchanges[exchange].location)].timeouts
        switch deadline {
        case .header:
            // This deadline is for the whole head, from its first byte or the start of the
            // connection.
            if connections[slot].hasHeadDeadline, deadlines.isArmed(slot) { return false }
            connections[slot].hasHeadDeadline = true
            deadlines.arm(slot, list: Int(timeouts.header), nowMs: clock.monotonicMs)
        case .send: arm(slot, timeouts.send)
        case .keepalive: arm(slot, timeouts.keepalive)
        case .body, .lingering:
            if connections[slot].lingerUntilMs == 0 {
                connections[slot].lingerUntilMs = clock.monotonicMs &+ timeouts.lingeringTimeMs
            }
            if clock.monotonicMs >= connections[slot].lingerUntilMs { return true }
            let shorter =
                deadline == .body
                && plan.durationsMs[Int(timeouts.body)]
                    < plan.durationsMs[Int(timeouts.lingering)]
            arm(slot, shorter ? timeouts.body : timeouts.lingering)
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
    mutating func keepIdle(_ slot: Int, _ exchange: Int) {
        let timeouts = plan.locations[Int(exchanges[exchange].location)].timeouts
        releaseExchange(slot, exchange)
        watch(slot, for: .readable)
        if connections[slot].requests == 0 {
            if !silentLinks.contains(slot) { silentLinks.append(slot, to: &silent) }
            if !deadlines.isArmed(slot) {
                connections[slot].hasHeadDeadline = true
                deadlines.arm(slot, list: Int(timeouts.header), nowMs: clock.monotonicMs)
            }
        } else {
            connections[slot].idleSinceMs = clock.monotonicMs
            connections[slot].minKeepaliveMs = timeouts.keepaliveMinMs
            arm(slot, timeouts.keepalive)
        }
        if state == .draining {
            let untilMs = connections[slot].lastRequestDeadlineMs(drainingSinceMs: drainingSinceMs)
            idleUntilMs = min(idleUntilMs, untilMs)
        }
    }

    /// Shuts down our side and waits for the client to close. Returns true if the deadline for that
    /// has passed already.
    mutating func linger(_ slot: Int, _ exchange: Int) -> Bool {
        if !connectionDelimited.isEmpty { allowNormalClose(slot, exchange) }
        shutdownSending(connections[slot].fd)
        connections[slot].state = .lingering
        connections[slot].lingerUntilMs = 0
        exchanges[exchange].inputStart = 0
        exchanges[exchange].inputEnd = 0
        return wait(slot, exchange, .read, .lingering)
    }
}
