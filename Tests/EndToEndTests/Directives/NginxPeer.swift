import Foundation
import Glibc

/// The nginx that the tables are compared with: the one that `NGINX` names, otherwise Debian's.
enum NginxPeer {
    static let binary: String = {
        let named = ProcessInfo.processInfo.environment["NGINX"] ?? ""
        return named.isEmpty ? "/usr/sbin/nginx" : named
    }()

    /// False if no nginx is installed; one that is named must exist.
    static let isThere: Bool = {
        let named = ProcessInfo.processInfo.environment["NGINX"] ?? ""
        if !named.isEmpty { return true }
        return unsafe access(binary, X_OK) == 0
    }()

    /// The version that `nginx -v` prints.
    static let version: NginxVersion = {
        guard let said = try? run(binary, ["-v"]).error,
            let number = said.components(separatedBy: "nginx/").dropFirst().first
        else { return NginxVersion("0") }
        return NginxVersion(String(number.prefix { $0.isNumber || $0 == "." }))
    }()
}

/// A version as numbers.
struct NginxVersion: Comparable, CustomStringConvertible {
    let description: String
    private let numbers: [Int]

    init(_ text: String) {
        description = text
        numbers = text.split(separator: ".").map { Int($0) ?? 0 }
    }

    static func < (one: NginxVersion, other: NginxVersion) -> Bool {
        one.numbers.lexicographicallyPrecedes(other.numbers)
    }
}
