/// The client that a job of the helper process belongs to: its address. An IPv6 client counts as
/// its network of 64 bits; all clients of unix sockets count as one.
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
