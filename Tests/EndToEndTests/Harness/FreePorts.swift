import Foundation
import Glibc
import Synchronization

/// Unused ports below the range that the kernel assigns to clients: a port of that range may be
/// used by a connection at any moment.
enum FreePorts {
    private static let next = Atomic<UInt32>(UInt32.random(in: 0..<20_000))

    static func take(_ count: Int) -> [UInt16] {
        var ports: [UInt16] = []
        while ports.count < count {
            let candidate = next.wrappingAdd(1, ordering: .relaxed).oldValue
            let port = UInt16(12_000 + candidate % 20_000)
            if isFree(port) { ports.append(port) }
        }
        return ports
    }

    static func isFree(_ port: UInt16) -> Bool {
        guard let taken = TakenPort(port) else { return false }
        _ = taken
        return true
    }
}

/// A port that is in use by another socket as long as this exists.
final class TakenPort {
    private let descriptor: Int32

    init?(_ port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = port.bigEndian
        let bound = unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0, listen(descriptor, 8) == 0 else { return nil }
    }

    deinit { close(descriptor) }
}
