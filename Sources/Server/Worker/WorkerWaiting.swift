import Linux
import Reactor

/// What a connection waits for, and how long.
extension Worker {
    /// Waits for readiness; true when the time for it is over already.
    mutating func wait(
        _ slot: Int, _ exchange: Int, _ direction: Connection.Direction,
        _ deadline: Connection.DeadlineKind
    ) -> Bool {
        watch(slot, for: direction == .read ? .readable : .writable)
        let timeouts = plan.locations[Int(exchanges[exchange].location)].timeouts
        switch deadline {
        case .header:
            // The whole head has this long, from its first byte (or the connection's beginning) on.
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

    /// Has the poller watch for exactly this, with a call only when that is a change.
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
            logTrouble(.alert, "\(error)")
        }
    }

    mutating func enqueue(_ slot: Int) {
        // It is at work, so that no pause runs; the time for a whole head goes on.
        if !connections[slot].hasHeadDeadline { deadlines.cancel(slot) }
        guard !connections[slot].isQueued else { return }
        connections[slot].isQueued = true
        queue.append(UInt32(truncatingIfNeeded: slot))
    }

    /// Waits for the next request without buffers.
    mutating func rest(_ slot: Int, _ exchange: Int) {
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
            connections[slot].restedMs = clock.monotonicMs
            connections[slot].keepMinMs = timeouts.keepaliveMinMs
            arm(slot, timeouts.keepalive)
        }
        if state == .draining {
            let untilMs = connections[slot].lastChanceMs(drainingSinceMs: drainingSinceMs)
            idleUntilMs = min(idleUntilMs, untilMs)
        }
    }

    /// Shuts our side and waits for the client's end; true when there is no time for that.
    mutating func linger(_ slot: Int, _ exchange: Int) -> Bool {
        if !unframed.isEmpty { allowOrderlyEnd(slot, exchange) }
        shutdownSending(connections[slot].fd)
        connections[slot].state = .lingering
        connections[slot].lingerUntilMs = 0
        exchanges[exchange].inputStart = 0
        exchanges[exchange].inputEnd = 0
        return wait(slot, exchange, .read, .lingering)
    }
}
