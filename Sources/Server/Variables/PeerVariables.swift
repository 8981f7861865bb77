import HTTP
import Linux

/// Variables about the ends of the connection: from the PROXY protocol, and from the kernel.
enum PeerVariables {
    /// Writes an address or a port of the PROXY protocol. Returns false if there was no header.
    static func writePeer(
        _ variable: Variable, _ request: borrowing Request, _ services: borrowing Services,
        into writer: inout ByteWriter
    ) -> Bool {
        let peer: Peer
        switch variable {
        case .socketAddress, .socketPort:
            peer =
                request.hasRealAddress
                ? services.socketPeers[request.slot] : services.peers[request.slot]
        case .proxyAddress, .proxyPort: peer = services.proxyAddresses[request.slot].source
        default: peer = services.proxyAddresses[request.slot].destination
        }
        switch variable {
        case .socketAddress: peer.write(into: &writer)
        case .socketPort:
            if peer.port > 0 { writer.append(decimal: Int64(peer.port)) }
        case _ where !services.connections[request.slot].hasProxyAddresses: return false
        case .proxyAddress, .proxyServerAddress: peer.write(into: &writer)
        default: writer.append(decimal: Int64(peer.port))
        }
        return true
    }

    /// Writes the local address or port of a connection. A unix socket has the name that the
    /// configuration gives it, and no port.
    static func writeServer(
        _ piece: TemplatePiece, _ request: inout Request, _ services: inout Services,
        into writer: inout ByteWriter
    ) -> Bool {
        guard services.localAddress(of: request.slot).family == .unix else {
            return Variables.requestVariables(request, services).writeValue(
                of: piece, into: &writer)
        }
        switch piece.variable {
        case .serverAddress: writeSocketName(request.slot, into: &writer, &services)
        case .requestPort where request.parser.head.port > 0:
            writer.append(decimal: Int64(request.parser.head.port))
        default: break
        }
        return true
    }

    /// Writes the name of the unix socket that accepted a connection.
    static func writeSocketName(
        _ slot: Slot, into writer: inout ByteWriter, _ services: inout Services
    ) {
        let address = services.plan.addresses[Int(services.connections[slot].address)]
        writer.append(address.socketName.span)
    }

    /// Writes a number of TCP_INFO, in the kernel's units. Returns false for a connection that is
    /// not TCP.
    static func writeTCPInfo(
        _ variable: Variable, _ slot: Slot, into writer: inout ByteWriter,
        _ services: borrowing Services
    ) -> Bool {
        guard let info = TCPInfo(of: services.connections[slot].fd) else { return false }
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
