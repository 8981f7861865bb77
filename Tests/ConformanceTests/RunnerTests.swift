import Conformance
import Dispatch
import Foundation
import Glibc
import Testing

/// Runs the suite against a server that always sends the same bytes: cases that must fail do fail.
@Suite struct RunnerTests {
    private static let date = "Fri, 14 Feb 2020 13:14:15 GMT"

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nDate: \(date)\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
        "hello", "",
    ])
    func mostCasesFail(response: String) throws {
        let server = try CannedServer(response)
        let target = Target(host: "127.0.0.1", port: server.port)
        guard let runner = try? Runner(target, patienceMs: 200) else {
            #expect(!response.hasPrefix("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"))
            return
        }
        for name in [
            "the form of Date", "the path /...", "GET If-Match with another tag",
            "Range bytes=100-199", "ten pipelined requests", "HTTP/1.1 without Host",
            "no response after close",
        ] {
            let one = try #require(Group.cases.first { $0.name == name }, "\(name)")
            let mayPass =
                name == "the form of Date" && response.contains("Date")
                || name == "HTTP/1.1 without Host" && response.contains("400")
            #expect(mayPass || runner.failure(of: one) != nil, "\(name)")
        }
    }
}

/// Sends the same bytes to every connection, and closes it.
final class CannedServer {
    let port: UInt16
    private let descriptor: Int32
    private let hasEnded = DispatchSemaphore(value: 0)

    init(_ response: String) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        unsafe withUnsafeMutablePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, size)
                _ = listen(listener, 64)
                unsafe getsockname(listener, $0, &size)
            }
        }
        port = UInt16(bigEndian: name.sin_port)
        descriptor = listener
        let bytes = Array(response.utf8)
        let thread = Thread { [hasEnded] in
            defer { hasEnded.signal() }
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                var buffer = [UInt8](repeating: 0, count: 65_536)
                _ = unsafe recv(client, &buffer, buffer.count, 0)
                _ = unsafe send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                close(client)
            }
        }
        thread.start()
    }

    deinit {
        shutdown(descriptor, Int32(SHUT_RDWR))
        // Closed only after the last accept, since another test may reuse the number at once.
        hasEnded.wait()
        close(descriptor)
    }
}
