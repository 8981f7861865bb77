// An echo server in upper case: it sends back in capitals what a client sends. It shows the parts
// of a reactor: sockets, a multiplexer (Poller), a dispatcher (EchoServer.run) and a handler
// (serve).
//     upper-echo [--engine epoll|poll|select] [--port N] [--trace]
//     upper-echo --connect HOST:PORT     its client: a line in, its response out; q ends it

import Glibc
import Reactor

/// One process, one thread, many clients. No call waits for a single client: the sockets are
/// non-blocking. Only `Poller.wait` waits, for all of them at once.
struct EchoServer: ~Copyable {
    private var poller: Poller
    private let signals: SignalSource
    private let listener: Int32
    private let isTracing: Bool
    /// The bytes that could not be sent to each client yet. A token is the descriptor and a
    /// generation: a closed number is reused for the next socket, and events for the previous one
    /// carry the old generation.
    private var clients: [Token: ArraySlice<UInt8>] = [:]
    private var count: UInt32 = 0

    init(_ engine: Engine, port: UInt16, isTracing: Bool) throws {
        let poller = try Poller(engine)
        // Ctrl-C is signal 2, kill's is 15. As a descriptor, signals are events like any other.
        let signals = try SignalSource([2, 15])
        let listener = try Socket.listen(port: port)
        self.listener = listener
        self.poller = poller
        self.signals = signals
        self.isTracing = isTracing
        print("upper-echo: port \(Socket.port(of: listener)), \(engine.rawValue); Ctrl-C ends it")
    }

    /// The dispatcher: waits, iterates over the events, and calls the handler of each.
    consuming func run() throws {
        try register(Token(slot: UInt32(signals.descriptor), generation: 0))
        // A listening socket is readable when a connection waits to be accepted.
        try register(Token(slot: UInt32(listener), generation: 0))
        while true {
            for index in 0..<(try poller.wait(timeoutMs: -1)) {
                let (token, readiness) = poller.event(at: index)
                trace("event", token, "\(readiness)")
                if token.slot == signals.descriptor {
                    print("upper-echo: \(count) clients, \(clients.count) of them still there")
                    return clients.keys.forEach { leave($0, "Ctrl-C") }
                }
                if token.slot == listener { acceptOne() } else { serve(token) }
            }
        }
    }

    /// Accepts one connection, though more may wait: all engines are level-triggered, so the next
    /// wait reports them again.
    private mutating func acceptOne() {
        guard let fd = Socket.accept(from: listener) else { return }
        count += 1
        let token = Token(slot: UInt32(fd), generation: count)
        clients[token] = []
        // select throws from number 1024 on: it cannot watch this client.
        do { try register(token) } catch { leave(token, "\(error)") }
    }

    /// The handler: does what is possible now, then registers for the next event.
    private mutating func serve(_ token: Token) {
        guard var pending = clients[token] else { return }
        let waitedForRoom = !pending.isEmpty
        if !waitedForRoom {
            switch Socket.receive(Int32(token.slot)) {
            case .bytes(let bytes): pending = bytes.map(upper)[...]
            case .nothingYet: return
            case .ended: return leave(token, "the end")
            }
        }
        // The kernel takes as much as fits into its buffer, which may be less.
        guard let sent = Socket.send(Int32(token.slot), pending) else {
            return leave(token, "broken")
        }
        clients[token] = pending.dropFirst(sent)
        // Nothing more is read until all is sent, so a client that does not read cannot fill our
        // memory, and its end of stream is not seen before it has its response.
        let waitsForRoom = sent < pending.count
        if waitsForRoom == waitedForRoom { return }
        let interest: Readiness = waitsForRoom ? .writable : .readable
        trace("modify", token, "\(interest)")
        try? poller.modify(Int32(token.slot), for: interest, token: token)
    }

    private mutating func register(_ token: Token) throws {
        trace("register", token, "readable")
        try poller.register(Int32(token.slot), for: .readable, token: token)
    }

    private mutating func leave(_ token: Token, _ reason: String) {
        trace("unregister", token, reason)
        clients[token] = nil
        poller.close(Int32(token.slot))  // forgets it, before its number can be another's
    }

    private func trace(_ what: String, _ token: Token, _ detail: String) {
        if isTracing { print("  \(what) \(token.slot): \(detail)") }
    }
}

func upper(_ byte: UInt8) -> UInt8 { byte >= 97 && byte <= 122 ? byte - 32 : byte }

/// The client, which has one socket and waits for one direction at a time.
func talk(_ host: String, _ port: UInt16) throws {
    let fd = try Socket.connect(host: host, port: port)
    var poller = try Poller()
    let token = Token(slot: UInt32(fd), generation: 0)
    try poller.register(fd, for: .writable, token: token)
    while let line = readLine(strippingNewline: false), line != "q\n" {
        var rest = Array(line.utf8)[...]
        var response: [UInt8] = []
        while response.count < line.utf8.count {
            try poller.modify(fd, for: rest.isEmpty ? .readable : .writable, token: token)
            _ = try poller.wait(timeoutMs: -1)
            if !rest.isEmpty {
                rest.removeFirst(Socket.send(fd, rest) ?? rest.count)
            } else if case .bytes(let bytes) = Socket.receive(fd) {
                response += bytes
            } else {
                return print("the server is gone")
            }
        }
        print(String(decoding: response, as: UTF8.self), terminator: "")
    }
}

let words = Array(CommandLine.arguments.dropFirst())
func value(_ name: String) -> String? {
    words.firstIndex(of: name).flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
}
let place = value("--connect")?.split(separator: ":").map(String.init) ?? ["", "0"]
guard let engine = Engine(rawValue: value("--engine") ?? "epoll"), place.count == 2,
    let port = UInt16(value("--port") ?? "7777"), let peer = UInt16(place[1])
else {
    print("upper-echo [--engine epoll|poll|select] [--port N] [--trace] [--connect HOST:PORT]")
    exit(2)
}
do {
    if peer > 0 {
        try talk(place[0], peer)
    } else {
        try EchoServer(engine, port: port, isTracing: words.contains("--trace")).run()
    }
} catch {
    print("upper-echo: \(error)")
    exit(1)
}
