import HTTP
import Linux

/// Variables about a connection and its ends: from the socket, the PROXY protocol and the kernel.
enum ConnectionVariables {
    static let variables: [VariableRow] = [
        .directly("remote_addr", .perRequest, .numberOrTime, .remoteAddress),
        .always("remote_port", .perRequest, .numberOrTime) {
            $1.peers[$0.slot].writePort(into: &$3)
        },
        .always("binary_remote_addr", .perRequest) { $1.peers[$0.slot].writeBytes(into: &$3) },
        .always("server_addr", .perRequest, .numberOrTime) {
            writeServerAddress($0, $1, into: &$3)
        },
        .always("server_port", .perRequest, .numberOrTime) { writeServerPort($0, $1, into: &$3) },
        .always("request_port", .perRequest) { request, services, _, writer in
            let port = request.parser.head.port
            guard port == 0 else { return writer.append(decimal: Int64(port)) }
            writeServerPort(request, services, into: &writer)
        },
        .always("is_request_port", .perRequest) { $3.append($0.parser.head.port > 0 ? ":" : "") },
        .always("connection", .perRequest, .numberOrTime) {
            $3.append(decimal: Int64(clamping: $1.connections[$0.slot].number))
        },
        .always("connection_requests", .perRequest, .numberOrTime) {
            $3.append(decimal: Int64($1.connections[$0.slot].requests))
        },
        .always("connection_time", .perRequest, .numberOrTime) {
            let age = max(0, $1.clock.monotonicMs &- $1.connections[$0.slot].acceptedMs)
            $3.append(seconds: age / 1000, milliseconds: age % 1000)
        },
        .always("pipe", .perRequest) { request, services, _, writer in
            let isLater = services.connections[request.slot].requests > 1
            writer.append(isLater && request.requestsInSlice > 1 ? "p" : ".")
        },
        .ifAny("proxy_protocol_addr", .perRequest) { write(proxy($0, $1)?.source, into: &$3) },
        .ifAny("proxy_protocol_port", .perRequest) { write(proxy($0, $1)?.source.port, into: &$3) },
        .ifAny("proxy_protocol_server_addr", .perRequest) {
            write(proxy($0, $1)?.destination, into: &$3)
        },
        .ifAny("proxy_protocol_server_port", .perRequest) {
            write(proxy($0, $1)?.destination.port, into: &$3)
        },
        .ifAny("tcpinfo_rtt", .perRequest) { write(tcp($0, $1)?.roundTripMicroseconds, into: &$3) },
        .ifAny("tcpinfo_rttvar", .perRequest) {
            write(tcp($0, $1)?.roundTripVarianceMicroseconds, into: &$3)
        },
        .ifAny("tcpinfo_snd_cwnd", .perRequest) {
            write(tcp($0, $1)?.sendWindowSegments, into: &$3)
        },
        .ifAny("tcpinfo_rcv_space", .perRequest) {
            write(tcp($0, $1)?.receiveSpaceBytes, into: &$3)
        },
    ]

    /// Writes the local address. A unix socket has the name that the configuration gives it.
    private static func writeServerAddress(
        _ request: borrowing Request, _ services: borrowing Services, into writer: inout ByteWriter
    ) {
        let local = services.localAddress(of: request.slot)
        if local.family == .unix {
            writeSocketName(request.slot, into: &writer, services)
        } else {
            local.write(into: &writer)
        }
    }

    /// Writes the local port; a unix socket has none.
    private static func writeServerPort(
        _ request: borrowing Request, _ services: borrowing Services, into writer: inout ByteWriter
    ) {
        let local = services.localAddress(of: request.slot)
        if local.family != .unix { writer.append(decimal: Int64(local.port)) }
    }

    /// Writes the name of the unix socket that accepted a connection.
    static func writeSocketName(
        _ slot: Slot, into writer: inout ByteWriter, _ services: borrowing Services
    ) {
        let address = services.plan.addresses[Int(services.connections[slot].address)]
        writer.append(address.socketName.span)
    }

    /// Returns the addresses of the PROXY protocol; nil if there was no header.
    private static func proxy(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> ProxyHeader.Addresses? {
        services.connections[request.slot].hasProxyAddresses
            ? services.proxyAddresses[request.slot] : nil
    }

    /// Returns numbers in the kernel's units; nil for a connection that is not TCP.
    private static func tcp(
        _ request: borrowing Request, _ services: borrowing Services
    ) -> TCPInfo? {
        TCPInfo(of: services.connections[request.slot].fd)
    }

    private static func write(_ peer: Peer?, into writer: inout ByteWriter) -> Bool {
        peer?.write(into: &writer)
        return peer != nil
    }

    private static func write(
        _ number: (some BinaryInteger)?, into writer: inout ByteWriter
    ) -> Bool {
        if let number { writer.append(decimal: Int64(number)) }
        return number != nil
    }
}
