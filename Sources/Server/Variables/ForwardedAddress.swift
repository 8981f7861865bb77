import HTTP

/// Finds the client's address in a chain of proxies (ngx_http_get_forwarded_addr).
struct ForwardedAddress {
    /// The trusted proxies.
    let trusted: PlanTable<Network>
    /// Whether to skip every trusted proxy in the list.
    let isRecursive: Bool
    /// The address found so far.
    private(set) var address: Peer
    /// True if a trusted proxy has named an address.
    private(set) var isChanged = false
    private var isDone = false

    init(from peer: Peer, trusted: PlanTable<Network>, isRecursive: Bool) {
        address = peer
        self.trusted = trusted
        self.isRecursive = isRecursive
    }

    /// Processes the list of addresses in a header, the nearest proxy's last; of several headers
    /// the last one first. Returns false if no further header is to be processed.
    mutating func process(_ list: Span<UInt8>) -> Bool {
        var end = list.count
        while !isDone {
            guard trusted.contains(address) else {
                isDone = true
                break
            }
            while end > 0, ForwardedAddress.separates(list[end &- 1]) { end &-= 1 }
            var start = end
            while start > 0, !ForwardedAddress.separates(list[start &- 1]) { start &-= 1 }
            guard let next = AddressText.addressAndPort(list.slice(from: start, to: end)) else {
                isDone = true
                break
            }
            address = next
            isChanged = true
            end = start
            if !isRecursive { isDone = true }
            if start == 0 { break }
        }
        return !isDone
    }

    /// Processes the address that a trusted proxy sent by other means than a list.
    mutating func process(_ peer: Peer) {
        guard trusted.contains(address) else { return }
        address = peer
        isChanged = true
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",")
    }
}
