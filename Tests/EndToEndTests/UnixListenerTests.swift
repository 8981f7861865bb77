import Foundation
import Testing

/// Requests over a Unix domain socket: the variables of its addresses, and limits keyed by address.
@Suite struct UnixListenerTests {
    private static let configuration =
        TestServer.prelude() + """
            http {
                access_log off;
                limit_req_zone $binary_remote_addr zone=per_address:1m rate=1r/m;
                server {
                    listen 127.0.0.1:PORT; listen unix:DIR/socket;
                    location / {
                        return 200 "[$server_addr][$server_port][$remote_addr][$remote_port]";
                    }
                    location = /binary { return 200 "$binary_remote_addr"; }
                    location = /redirect { return 302 /to; }
                    location = /limited { limit_req zone=per_address; error_page 404 =200 @found; }
                    location @found { return 200 found; }
                }
            }
            """

    private func fetch(_ server: TestServer, _ path: String) throws -> Response {
        let client = try RawClient(.unix(server.directory.path + "/socket"), of: server)
        try client.send("GET \(path) HTTP/1.0\r\n\r\n")
        return try client.response()
    }

    @Test func variablesShowSocketPath() throws {
        let server = try TestServer(configuration: Self.configuration)
        let name = "unix:" + server.directory.path + "/socket"
        #expect(try fetch(server, "/").text == "[\(name)][][unix:][]")
        #expect(try fetch(server, "/binary").text == "unix:")
        #expect(try fetch(server, "/redirect")["Location"] == "http://\(name)/to")
    }

    @Test func limitsByAddressApplyToUnixSockets() throws {
        let server = try TestServer(configuration: Self.configuration)
        #expect(try fetch(server, "/limited").status == 200)
        #expect(try fetch(server, "/limited").status == 503)
    }
}
