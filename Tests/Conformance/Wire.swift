import Glibc

/// A connection of a case: sends bytes unchanged and reads responses, every wait with a deadline.
final class Wire {
    private let descriptor: Int32
    private let patienceMs: Int32
    private var pending: [UInt8] = []
    private(set) var hasEnded = false
    /// All received bytes, for the report of a failure.
    private(set) var transcript: [UInt8] = []

    struct Failure: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    init(_ target: Target, patienceMs: Int32) throws {
        self.patienceMs = patienceMs
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard unsafe getaddrinfo(target.host, "\(target.port)", &hints, &found) == 0,
            let first = unsafe found
        else { throw Failure("no address for \(target.host)") }
        defer { unsafe freeaddrinfo(first) }
        let family = unsafe first.pointee.ai_family
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let address = unsafe first.pointee
        // If this or a later line throws, deinit closes the socket.
        guard unsafe connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 else {
            throw Failure("cannot connect to \(target)")
        }
        var on: Int32 = 1
        unsafe setsockopt(descriptor, 6, TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { Glibc.close(descriptor) }

    /// Sends what the server accepts: a server that has closed may refuse the rest, which is no
    /// error.
    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count, wait(POLLOUT) {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Reads one response, by its own framing.
    func response(_ expected: ExpectedResponse) throws -> ReceivedResponse {
        if expected.isBare { return ReceivedResponse(bare: try rest()) }
        var response = try ReceivedResponse(head: take(through: "\r\n\r\n").dropLast(4))
        let wantsInterim = expected.statuses.contains { $0 / 100 == 1 }
        while response.status / 100 == 1, !wantsInterim {
            response = try ReceivedResponse(head: take(through: "\r\n\r\n").dropLast(4))
        }
        if expected.isHead || response.status / 100 == 1 || [204, 304].contains(response.status) {
            return response
        }
        if let coding = response.values("Transfer-Encoding").first {
            guard coding.lowercased() == "chunked" else {
                throw ReceivedResponse.Malformed("Transfer-Encoding: \(coding)")
            }
            response.content = try chunks()
        } else if let length = response.values("Content-Length").first {
            guard let count = Int(length) else { throw ReceivedResponse.Malformed(length) }
            response.content = try take(count)
        } else {
            response.content = try rest()
        }
        return response
    }

    /// True if received bytes were not consumed yet.
    var hasPending: Bool { !pending.isEmpty }

    /// True if the connection ends here; waits until that is known.
    func isAtEnd() throws -> Bool {
        if pending.isEmpty, !hasEnded { try receive() }
        return pending.isEmpty && hasEnded
    }

    /// Reads to the end of the connection.
    func rest() throws -> [UInt8] {
        while !hasEnded { try receive() }
        defer { pending = [] }
        return pending
    }

    private func chunks() throws -> [UInt8] {
        var content: [UInt8] = []
        while true {
            let line = String(decoding: try take(through: "\r\n").dropLast(2), as: UTF8.self)
            guard let size = Int(line, radix: 16) else {
                throw ReceivedResponse.Malformed("chunk size \(line)")
            }
            if size == 0 { break }
            content += try take(size)
            guard try take(2) == [13, 10] else { throw ReceivedResponse.Malformed("chunk end") }
        }
        while try take(through: "\r\n").count > 2 {}
        return content
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while pending.count < count {
            guard !hasEnded else { throw Failure("ended \(count - pending.count) bytes early") }
            try receive()
        }
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    private func take(through end: String) throws -> [UInt8] {
        while true {
            if let range = pending.firstRange(of: end) { return try take(range.upperBound) }
            guard !hasEnded else { throw Failure("closed without a response") }
            try receive()
        }
    }

    private func receive() throws {
        guard wait(POLLIN) else { throw Failure("nothing came in \(patienceMs) ms") }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            pending += buffer.prefix(count)
            if transcript.count < 4096 { transcript += buffer.prefix(count) }
        } else {
            hasEnded = true
        }
    }

    private func wait(_ events: Int32) -> Bool {
        var one = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&one, 1, patienceMs) > 0
    }
}
