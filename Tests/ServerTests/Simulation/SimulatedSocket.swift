/// A stream between a client and the connection under test: bytes in flight both ways, with limited
/// room towards the client.
struct SimulatedSocket {
    /// The bytes that the client has sent and the server has not received.
    private(set) var towardsServer: [UInt8] = []
    /// The bytes that the server has sent and the client has not read.
    private(set) var towardsClient: [UInt8] = []
    /// The maximum number of bytes in flight to the client.
    let room: Int
    /// True if the client has shut down its direction.
    var clientHasEnded = false
    /// True if the client is gone: every call fails.
    var isReset = false
    /// True if the server has shut down its direction, or closed the connection.
    var serverHasEnded = false

    init(room: Int) { self.room = room }

    /// True if epoll would report readability.
    var isReadable: Bool { !towardsServer.isEmpty || clientHasEnded || isReset }
    /// True if epoll would report writability.
    var isWritable: Bool { towardsClient.count < room || isReset }

    mutating func clientSends(_ bytes: ArraySlice<UInt8>) { towardsServer += bytes }

    mutating func clientReads(atMost count: Int) -> [UInt8] {
        let taken = Array(towardsClient.prefix(count))
        towardsClient.removeFirst(taken.count)
        return taken
    }

    /// Simulates recv(2): nil for EAGAIN, empty at the end of the stream.
    mutating func receive(atMost count: Int) -> [UInt8]? {
        if towardsServer.isEmpty { return clientHasEnded ? [] : nil }
        let taken = Array(towardsServer.prefix(count))
        towardsServer.removeFirst(taken.count)
        return taken
    }

    /// Simulates send(2): returns the number of accepted bytes; 0 for EAGAIN.
    mutating func send(_ bytes: some Collection<UInt8>, atMost count: Int) -> Int {
        let taken = min(bytes.count, room - towardsClient.count, count)
        guard taken > 0 else { return 0 }
        towardsClient += bytes.prefix(taken)
        return taken
    }
}
