/// A stream between a client and the connection under test: bytes in flight both ways, with bounded
/// room towards the client.
struct SimulatedSocket {
    /// What the client has sent and the server has not received.
    private(set) var towardsServer: [UInt8] = []
    /// What the server has sent and the client has not read.
    private(set) var towardsClient: [UInt8] = []
    /// How many bytes may be on their way to the client.
    let room: Int
    /// The client has shut its direction.
    var clientHasEnded = false
    /// The client is gone: every call fails.
    var isReset = false
    /// The server has shut its direction, or closed.
    var serverHasEnded = false

    init(room: Int) { self.room = room }

    /// Whether epoll would report it readable.
    var isReadable: Bool { !towardsServer.isEmpty || clientHasEnded || isReset }
    /// Whether epoll would report it writable.
    var isWritable: Bool { towardsClient.count < room || isReset }

    mutating func clientSends(_ bytes: ArraySlice<UInt8>) { towardsServer += bytes }

    mutating func clientReads(atMost count: Int) -> [UInt8] {
        let taken = Array(towardsClient.prefix(count))
        towardsClient.removeFirst(taken.count)
        return taken
    }

    /// recv(2): nil for EAGAIN, nothing for the end.
    mutating func receive(atMost count: Int) -> [UInt8]? {
        if towardsServer.isEmpty { return clientHasEnded ? [] : nil }
        let taken = Array(towardsServer.prefix(count))
        towardsServer.removeFirst(taken.count)
        return taken
    }

    /// send(2): how many bytes were taken; 0 for EAGAIN.
    mutating func send(_ bytes: some Collection<UInt8>, atMost count: Int) -> Int {
        let taken = min(bytes.count, room - towardsClient.count, count)
        guard taken > 0 else { return 0 }
        towardsClient += bytes.prefix(taken)
        return taken
    }
}
