/// The client that a request of the helper process is for: its address. An IPv6 client has a whole
/// network of 64 bits, so that it counts as one; clients of unix sockets are one, too.
struct WaitingClient: Hashable {
    private let high: UInt64
    private let low: UInt64

    init(_ peer: Peer) {
        switch peer.family {
        case .unix: (high, low) = (0, 0)
        case .ipv4: (high, low) = (1, peer.low)
        case .ipv6: (high, low) = (2, peer.high)
        }
    }
}
