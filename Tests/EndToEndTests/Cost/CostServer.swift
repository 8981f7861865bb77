import Foundation
import Glibc

/// A server with one worker and a small file, and requests for it.
enum CostServer {
    /// A directory where other tests create no names: it is on the way to the file, so each would
    /// cause a notification.
    private static let quietDirectory: String? =
        unsafe access("/var/tmp", W_OK) == 0 ? "/var/tmp" : nil

    /// 60 bytes.
    static let short = "GET /a.bin HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nX: 12\r\n\r\n"

    /// 700 bytes, as sent by a browser.
    static let browser =
        "GET /a.bin HTTP/1.1\r\n"
        + "Host: localhost\r\n"
        + "Connection: keep-alive\r\n"
        + "sec-ch-ua: \"Chromium\";v=\"142\", \"Google Chrome\";v=\"142\", "
        + "\"Not_A Brand\";v=\"99\"\r\n"
        + "sec-ch-ua-mobile: ?0\r\n"
        + "sec-ch-ua-platform: \"Linux\"\r\n"
        + "Upgrade-Insecure-Requests: 1\r\n"
        + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        + "Chrome/142.0.0.0 Safari/537.36\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
        + "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n"
        + "Sec-Fetch-Site: none\r\n"
        + "Sec-Fetch-Mode: navigate\r\n"
        + "Sec-Fetch-User: ?1\r\n"
        + "Sec-Fetch-Dest: document\r\n"
        + "Accept-Encoding: gzip, deflate, br, zstd\r\n"
        + "Accept-Language: en-US,en;q=0.9\r\n"
        + "Cookie: session=0123456789abcdef0123456789abcd\r\n\r\n"

    static func start(
        log: String = "off", logsNotFound: Bool = false, environment: [String] = [],
        binary: String = Product.binary,
        wrapper: [String] = [], main: String = "", listen: String = ""
    ) throws -> TestServer {
        try TestServer(
            configuration: TestServer.configuration(
                """
                access_log \(log); log_not_found \(logsNotFound ? "on" : "off");
                keepalive_requests 1000000000; keepalive_time 24h; keepalive_timeout 600s;
                """,
                main: main + (Product.isRoot ? "user nobody nogroup;" : "")
            ).replacingOccurrences(of: ":PORT;", with: ":PORT \(listen);"),
            files: ["a.bin": .pattern(1024)],
            // With a random seed, hashing would cost something else each time.
            environment: environment + ["SWIFT_DETERMINISTIC_HASHING=1"], binary: binary,
            wrapper: wrapper, parent: quietDirectory
        ) { directory in
            // A tool that the worker runs under writes its results as the worker's user.
            unsafe chmod(directory.path, 0o777)
        }
    }

    /// Sends one request after the other on one connection.
    static func sendRequest(_ request: String, count: Int, over client: RawClient) throws {
        let bytes = Array(request.utf8)
        for _ in 0..<count {
            try client.send(bytes)
            try check(try client.response())
        }
    }

    /// Throws if the response is not the whole file.
    static func check(_ response: Response) throws {
        guard response.status == 200, response.body.count == 1024 else {
            throw Response.Malformed(description: "\(response.status), \(response.body.count)")
        }
    }
}
