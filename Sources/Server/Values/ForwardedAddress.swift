import HTTP

/// Who a chain of proxies says that the client is (ngx_http_get_forwarded_addr).
struct ForwardedAddress {
    /// Proxies that are believed.
    let trusted: PlanTable<Network>
    /// Goes on past every believed proxy in the list.
    let isRecursive: Bool
    /// Who it is as far as is known.
    private(set) var address: Peer
    /// Somebody who is believed named an address.
    private(set) var isChanged = false
    private var isDone = false

    init(from peer: Peer, trusted: PlanTable<Network>, isRecursive: Bool) {
        address = peer
        self.trusted = trusted
        self.isRecursive = isRecursive
    }

    /// Takes a field's list of addresses, the nearest proxy's last; of several fields the last one
    /// first. False when no further field is to be looked at.
    mutating func take(_ list: Span<UInt8>) -> Bool {
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

    /// Takes what a believed proxy says by other means than a list.
    mutating func take(_ peer: Peer) {
        guard trusted.contains(address) else { return }
        address = peer
        isChanged = true
    }

    private static func separates(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: ",")
    }
}
