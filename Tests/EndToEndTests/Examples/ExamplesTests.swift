import Foundation
import Testing

/// conf/examples: each one starts, and responds as its comments say.
@Suite struct ExamplesTests {
    @Test(arguments: ExampleCase.all)
    func exampleRespondsAsCommented(example: ExampleCase) throws {
        let server = try ExampleServer(example.file)
        for request in example.requests {
            let received = try sendRequest(server, request)
            #expect(received.status == request.status, "\(request.target)")
            for (name, value) in request.fields {
                #expect(received[name] == value, "\(request.target): \(name)")
            }
            if let text = request.text {
                #expect(received.text.contains(text), "\(request.target): \(received.text)")
            }
        }
    }

    private func sendRequest(_ server: ExampleServer, _ request: ExampleRequest) throws -> Response
    {
        let client = try server.connect(port: request.port)
        let lines =
            ["GET \(request.target) HTTP/1.1", "Host: \(request.host)", "Connection: close"]
            + request.asking
        try client.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
        return try client.response()
    }

    @Test func everyExampleIsTestedAndDocumented() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: ExampleServer.examples)
            .filter { $0.hasSuffix(".conf") }
        #expect(Set(names) == Set(ExampleCase.all.map(\.file)))
        let readme = try readText(ExampleServer.examples + "/README.md")
        for name in names { #expect(readme.contains("[\(name)](\(name))"), "\(name)") }
    }

    @Test(arguments: ExampleCase.all)
    func checkFindsNothingInExamples(example: ExampleCase) throws {
        // In a copy: workers may not be able to read the checkout, which would be reported.
        let directory = try TemporaryDirectory()
        let copy = directory.path + "/conf/examples"
        try FileManager.default.copyItem(
            atPath: Product.repository + "/conf", toPath: directory.path + "/conf")
        _ = try run("chmod", ["-R", "a+rX", directory.path + "/conf"])
        let result = try run(
            Product.binary, ["check", "--strict", "-p", copy, "-c", example.file])
        #expect(result.exit == .code(0), "\(result.output)")
    }

    /// `return 444`: an unknown name gets no response.
    @Test func unknownHostGetsNoResponse() throws {
        let server = try ExampleServer("virtual-hosts.conf")
        let client = try server.connect()
        try client.send("GET / HTTP/1.1\r\nHost: example.edu\r\n\r\n")
        #expect(try client.isClosedByServer())
    }

    @Test func maintenanceFileDisablesSite() throws {
        let server = try ExampleServer("error-pages.conf")
        let flag = server.site("example.org/closed")
        try Data().write(to: URL(fileURLWithPath: flag))
        let closed = try sendRequest(server, .get("/", 503))
        #expect(closed.status == 503)
        #expect(closed["Retry-After"] == "600")
        #expect(closed.text.contains("Back in ten minutes."))
        try FileManager.default.removeItem(atPath: flag)
        #expect(try sendRequest(server, .get("/", 200)).status == 200)
    }

    @Test func logShowsClientBehindBalancer() throws {
        let server = try ExampleServer("behind-a-load-balancer.conf")
        _ = try sendRequest(
            server,
            .get("/a", with: ["X-Forwarded-For: 203.0.113.9, 198.51.100.7, 10.0.0.3"], 200))
        _ = try sendRequest(server, .get("/healthz", 200))
        let client = try server.connect(port: 1)
        try client.send(
            "PROXY TCP4 192.0.2.44 10.0.0.1 4711 443\r\n"
                + "GET /b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        #expect(try client.response().status == 404)
        try server.end()
        let log = server.log
        #expect(log.contains("198.51.100.7 by 127.0.0.1 ["))
        #expect(log.contains("192.0.2.44 by 127.0.0.1 ["))
        #expect(!log.contains("healthz"))
    }

    @Test func successfulProbesAreNotLogged() throws {
        let server = try ExampleServer("health-and-status.conf")
        for target in ["/healthz", "/readyz"] { _ = try sendRequest(server, .get(target, 200)) }
        try FileManager.default.removeItem(atPath: server.site("example.org/index.html"))
        let received = try sendRequest(server, .get("/readyz", 503))
        #expect(received.status == 503)
        try server.end()
        let lines = server.log.split(separator: "\n")
        #expect(lines.count == 1)
        #expect(lines.first?.contains("\"GET /readyz HTTP/1.1\" 503") == true)
    }

    @Test func containersLogJSON() throws {
        let server = try ExampleServer("containers.conf")
        _ = try sendRequest(server, .get("/healthz", 200))
        _ = try sendRequest(server, .get("/assets/none", 404))
        try server.end()
        let object = try JSONSerialization.jsonObject(with: Data(server.log.utf8))
        let line = try #require(object as? [String: Any])
        #expect(line["status"] as? Int == 404)
    }
}
