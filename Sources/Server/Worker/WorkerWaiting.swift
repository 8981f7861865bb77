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
        let timeouts = services.plan.locations[Int(request.location)].timeouts
        switch deadline {
        case .header:
            // This deadline is for the whole head, from its first byte or the start of the
            // connection.
            if services.connections[request.slot].hasHeadDeadline, deadlines.isArmed(request.slot) {
                return false
            }
            services.connections[request.slot].hasHeadDeadline = true
            deadlines.arm(
                request.slot, list: Int(timeouts.header), nowMs: services.clock.monotonicMs)
        case .send: arm(request.slot, timeouts.send)
        case .keepalive: arm(request.slot, timeouts.keepalive)
        case .body, .lingering:
            if services.connections[request.slot].lingerUntilMs == 0 {
                services.connections[request.slot].lingerUntilMs =
                    services.clock.monotonicMs &+ timeouts.lingeringTimeMs
            }
            if services.clock.monotonicMs >= services.connections[request.slot].lingerUntilMs {
                return true
            }
            let shorter =
                deadline == .body
                && services.plan.durationsMs[Int(timeouts.body)]
                    < services.plan.durationsMs[Int(timeouts.lingering)]
            arm(request.slot, shorter ? timeouts.body : timeouts.lingering)
        }
        return false
    }

    mutating func arm(_ slot: Int, _ list: UInt16) {
        services.connections[slot].hasHeadDeadline = false
        deadlines.arm(slot, list: Int(list), nowMs: services.clock.monotonicMs)
    }

    /// Sets the events that the poller watches for, with a system call only if they change.
    @inline(__always)
    mutating func watch(_ slot: Int, for interest: Readiness) {
        if services.connections[slot].interest != interest.rawValue { change(slot, to: interest) }
    }

    private mutating func change(_ slot: Int, to interest: Readiness) {
        let token = Token(
            slot: UInt32(truncatingIfNeeded: slot),
            generation: services.connections[slot].generation)
        do {
            if services.connections[slot].interest == 0 {
                try poller.register(services.connections[slot].fd, for: interest, token: token)
            } else {
                try poller.modify(services.connections[slot].fd, for: interest, token: token)
            }
            services.connections[slot].interest = interest.rawValue
        } catch {
            services.logFailure(.alert, "\(error)")
        }
    }

    /// Waits until more may be sent: no timeout runs, and the only event from the client is a
    /// hang-up.
    mutating func throttle(_ request: inout Request) {
        let rate = LimitRate.sendRate(&request, &services)
        let againMs = rate?.nextRoomMs(sentBytes: request.sentBytes) ?? 0
        services.connections[request.slot].isThrottled = true
        services.connections[request.slot].hasHeadDeadline = false
        deadlines.cancel(request.slot)
        watch(request.slot, for: .hangUp)
        services.timers.arm(
            request.slot, atMs: max(request.startedMs &+ againMs, services.clock.monotonicMs &+ 1))
    }

    mutating func enqueue(_ slot: Int) {
        // The connection is active, so that no timeout runs except the one for a whole head.
        if !services.connections[slot].hasHeadDeadline { deadlines.cancel(slot) }
        guard !services.connections[slot].isQueued else { return }
        services.connections[slot].isQueued = true
        queue.append(UInt32(truncatingIfNeeded: slot))
    }

    /// Releases the connection's buffers and waits for the next request.
    mutating func keepIdle(_ request: inout Request) {
        let timeouts = services.plan.locations[Int(request.location)].timeouts
        releaseRequest(&request)
        watch(request.slot, for: .readable)
        if services.connections[request.slot].requests == 0 {
            if !silentLinks.contains(request.slot) { silentLinks.append(request.slot, to: &silent) }
            if !deadlines.isArmed(request.slot) {
                services.connections[request.slot].hasHeadDeadline = true
                deadlines.arm(
                    request.slot, list: Int(timeouts.header), nowMs: services.clock.monotonicMs)
            }
        } else {
            services.connections[request.slot].idleSinceMs = services.clock.monotonicMs
            services.connections[request.slot].minKeepaliveMs = timeouts.keepaliveMinMs
            arm(request.slot, timeouts.keepalive)
        }
        if state == .draining {
            let untilMs = services.connections[request.slot].lastRequestDeadlineMs(
                drainingSinceMs: drainingSinceMs)
            idleUntilMs = min(idleUntilMs, untilMs)
        }
    }

    /// Shuts down our side and waits for the client to close. Returns true if the deadline for that
    /// has passed already.
    mutating func linger(_ request: inout Request) -> Bool {
        if services.connections[request.slot].delimitsBody { allowNormalClose(request) }
        shutdownSending(services.connections[request.slot].fd)
        services.connections[request.slot].state = .lingering
        services.connections[request.slot].lingerUntilMs = 0
        request.inputStart = 0
        request.inputEnd = 0
        return wait(&request, .read, .lingering)
    }
}
