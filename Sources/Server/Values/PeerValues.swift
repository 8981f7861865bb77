import HTTP
import Linux

/// Variables of the connection's ends: what a proxy says of them, and what the kernel knows.
extension Worker {
    /// An address or a port; false when no proxy has said it.
    func writePeer(
        _ variable: Variable, _ slot: Int, _ exchange: Int, into writer: inout HeadWriter
    ) -> Bool {
        let peer: Peer
        switch variable {
        case .socketAddress, .socketPort:
            peer = exchanges[exchange].hasRealAddress ? socketPeers[slot] : peers[slot]
        case .proxyAddress, .proxyPort: peer = proxyAddresses[slot].source
        default: peer = proxyAddresses[slot].destination
        }
        switch variable {
        case .socketAddress: peer.write(into: &writer)
        case .socketPort:
            if peer.family != .unix { writer.append(decimal: Int64(peer.port)) }
        case _ where !connections[slot].hasProxyAddresses: return false
        case .proxyAddress, .proxyServerAddress: peer.write(into: &writer)
        default: writer.append(decimal: Int64(peer.port))
        }
        return true
    }

    /// A number of TCP_INFO, in the kernel's units; false for what is no TCP connection.
    func writeTCPInfo(
        _ variable: Variable, _ slot: Int, into writer: inout HeadWriter
    ) -> Bool {
        guard let info = TCPInfo(of: connections[slot].fd) else { return false }
        let number =
            switch variable {
            case .tcpRoundTrip: info.roundTripMicroseconds
            case .tcpRoundTripVariance: info.roundTripVarianceMicroseconds
            case .tcpWindow: info.sendWindowSegments
            default: info.receiveSpaceBytes
            }
        writer.append(decimal: Int64(number))
        return true
    }
}
