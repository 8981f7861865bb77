import Foundation
import Glibc

/// A client that sends given bytes and reads the response; every wait has a deadline.
final class RawClient {
    enum Address {
        case ipv4(UInt16)
        case ipv6(UInt16)
        case unix(String)
    }

    enum Failure: Error {
        case noResponse(String)
        case ended(String)
    }

    private var descriptor: Int32
    /// The received bytes that were not consumed yet.
    private var pending: [UInt8] = []
    private var hasEnded = false
    /// True if the connection ended with a reset.
    private(set) var wasReset = false
    /// Keeps the server alive while its client is in use.
    private let server: AnyObject?

    /// Connects, over IPv4 from 127.0.0.`host`. A small `receiveBuffer` (SO_RCVBUF, in bytes) makes
    /// the server wait for this client.
    init(
        _ address: Address, from host: UInt8? = nil, receiveBuffer: Int32? = nil,
        of server: AnyObject? = nil
    ) throws {
        self.server = server
        let family: Int32
        switch address {
        case .ipv4: family = AF_INET
        case .ipv6: family = AF_INET6
        case .unix: family = AF_UNIX
        }
        descriptor = socket(family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SystemFailure("socket") }
        set(IPPROTO_TCP_number, TCP_NODELAY, 1)
        if let receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        if let host {
            var name = Self.loopback(host, port: 0)
            guard unsafe call(Glibc.bind, with: &name, size: MemoryLayout<sockaddr_in>.size) == 0
            else {
                throw SystemFailure("bind")
            }
        }
        // If this throws, deinit closes the socket.
        guard connect(to: address) == 0 else { throw SystemFailure("connect") }
    }

    deinit { close() }

    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// Closes the connection with a reset.
    func reset() {
        var now = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout<linger>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, size)
        close()
    }

    func closeWriting() { shutdown(descriptor, Int32(SHUT_WR)) }

    var localPort: UInt16 {
        var name = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = unsafe getsockname(descriptor, $0, &size)
            }
        }
        return UInt16(bigEndian: name.sin_port)
    }

    // MARK: sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            guard wait(POLLOUT) else { throw Failure.noResponse("cannot send: \(sent) sent") }
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress! + sent, bytes.count - sent,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SystemFailure("send") }
            sent += count
        }
    }

    /// Sends `bytes` repeatedly, as long as the server reads them without a pause of `patience`
    /// seconds, up to `limit` bytes. Returns the number of bytes sent.
    func flood(_ bytes: [UInt8], limit: Int, patience: Double = 0.2) -> Int {
        var sent = 0
        while sent < limit, wait(POLLOUT, seconds: patience) {
            let start = sent % bytes.count
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    descriptor, $0.baseAddress! + start, min(bytes.count - start, limit - sent),
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count < 0 && errno == EAGAIN { continue }
            guard count > 0 else { return sent }
            sent += count
        }
        return sent
    }

    /// Sends a request with a Host header and `fields`.
    func request(_ line: String, _ fields: [String] = []) throws {
        try send(([line, "Host: localhost"] + fields).joined(separator: "\r\n") + "\r\n\r\n")
    }

    // MARK: receiving

    /// Reads one response: its header, and the body according to its framing.
    func response(to method: String = "GET", seconds: Double = patienceSeconds) throws -> Response {
        let head = try take(through: "\r\n\r\n", seconds: seconds)
        var response = try Response(head: String(decoding: head.dropLast(4), as: UTF8.self))
        if method == "HEAD" || response.status == 304 || response.status == 204
            || response.status / 100 == 1
        {
            return response
        }
        if response["Transfer-Encoding"]?.lowercased() == "chunked" {
            response.wasChunked = true
            (response.body, response.trailers) = try takeChunks(seconds: seconds)
        } else if let length = response["Content-Length"].flatMap({ Int($0) }) {
            response.body = try take(length, seconds: seconds)
        } else {
            response.body = try readToEnd(seconds: seconds)
        }
        return response
    }

    /// Reads everything up to the end of the connection, or a reset.
    func readToEnd(seconds: Double = patienceSeconds) throws -> [UInt8] {
        while !hasEnded { try receive(seconds: seconds) }
        defer { pending = [] }
        return pending
    }

    /// Reads until at least `count` bytes have arrived, without consuming them.
    func awaitBytes(_ count: Int, seconds: Double = patienceSeconds) throws {
        while pending.count < count { try receiveMore("\(count) bytes", seconds: seconds) }
    }

    /// True once the server has closed its side and no unread byte is left; false if bytes arrive
    /// first.
    func isClosedByServer(seconds: Double = patienceSeconds) throws -> Bool {
        if !hasEnded && pending.isEmpty { try receive(seconds: seconds) }
        return hasEnded && pending.isEmpty
    }

    /// True if nothing can be read now and the connection is open.
    var isQuiet: Bool { pending.isEmpty && !hasEnded && !wait(POLLIN, seconds: 0) }

    func take(_ count: Int, seconds: Double = patienceSeconds) throws -> [UInt8] {
        try awaitBytes(count, seconds: seconds)
        defer { pending.removeFirst(count) }
        return Array(pending.prefix(count))
    }

    func take(through end: String, seconds: Double = patienceSeconds) throws -> [UInt8] {
        var searched = 0
        while true {
            if let range = pending.firstRange(of: end, from: searched) {
                return try take(range.upperBound)
            }
            searched = max(0, pending.count - end.utf8.count)
            try receiveMore(end, seconds: seconds)
        }
    }

    private func takeChunks(seconds: Double) throws -> ([UInt8], [String]) {
        var body: [UInt8] = []
        while true {
            let line = try take(through: "\r\n", seconds: seconds)
            let digits = String(decoding: line.dropLast(2), as: UTF8.self)
            guard let size = Int(digits, radix: 16) else {
                throw Response.Malformed(description: "chunk size: \(digits)")
            }
            if size == 0 { return (body, try takeTrailers(seconds: seconds)) }
            body += try take(size, seconds: seconds)
            guard try take(2, seconds: seconds) == [13, 10] else {
                throw Response.Malformed(description: "chunk of \(size) without its line end")
            }
        }
    }

    private func takeTrailers(seconds: Double) throws -> [String] {
        var trailers: [String] = []
        while true {
            let line = try take(through: "\r\n", seconds: seconds).dropLast(2)
            if line.isEmpty { return trailers }
            trailers.append(String(decoding: line, as: UTF8.self))
        }
    }

    private func receiveMore(_ what: String, seconds: Double) throws {
        if hasEnded { throw Failure.ended("before \(what.debugDescription): \(pendingText)") }
        try receive(seconds: seconds)
    }

    private var pendingText: String { String(decoding: pending.prefix(400), as: UTF8.self) }

    private func receive(seconds: Double) throws {
        guard wait(POLLIN, seconds: seconds) else {
            throw Failure.noResponse("after \(seconds) s, having: \(pendingText)")
        }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            pending += buffer.prefix(count)
        } else if count == 0 || errno == ECONNRESET {
            wasReset = count != 0
            hasEnded = true
        } else {
            throw SystemFailure("recv")
        }
    }

    private func wait(_ events: Int32, seconds: Double = patienceSeconds) -> Bool {
        var one = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        return unsafe poll(&one, 1, Int32(seconds * 1000)) > 0
    }

    // MARK: system calls

    private var IPPROTO_TCP_number: Int32 { 6 }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func connect(to address: Address) -> Int32 {
        switch address {
        case .ipv4(let port):
            var name = Self.loopback(1, port: port)
            return unsafe call(Glibc.connect, with: &name, size: MemoryLayout<sockaddr_in>.size)
        case .ipv6(let port):
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = port.bigEndian
            name.sin6_addr = in6addr_loopback
            return unsafe call(Glibc.connect, with: &name, size: MemoryLayout<sockaddr_in6>.size)
        case .unix(let path):
            var name = sockaddr_un()
            name.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &name.sun_path) {
                unsafe $0.copyBytes(from: Array(path.utf8).prefix($0.count - 1))
            }
            return unsafe call(Glibc.connect, with: &name, size: MemoryLayout<sockaddr_un>.size)
        }
    }

    private static func loopback(_ host: UInt8, port: UInt16) -> sockaddr_in {
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        name.sin_addr.s_addr = (0x7f00_0000 | UInt32(host)).bigEndian
        return name
    }

    /// Calls bind(2) or connect(2).
    private func call<Name>(
        _ function: (Int32, UnsafePointer<sockaddr>?, socklen_t) -> Int32,
        with name: inout Name, size: Int
    ) -> Int32 {
        unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe function(descriptor, $0, socklen_t(size))
            }
        }
    }
}
