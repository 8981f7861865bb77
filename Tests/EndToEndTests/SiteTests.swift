import Foundation
import Glibc
import Testing

/// A real site of thousands of files, downloaded with the usual clients and compared with the disk
/// byte for byte.
@Suite(.serialized) struct SiteTests {
    /// The pages of Debian's python3-doc; `make test` installs it.
    private static let site: String = {
        let parent = "/usr/share/doc"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        // python3.11 on Debian 12; python3-doc and others only link to it.
        let pages = names.filter { $0.hasPrefix("python3.") && !$0.contains("-") }.sorted()
            .map { "\(parent)/\($0)/html" }
        return pages.first { FileManager.default.fileExists(atPath: $0 + "/index.html") }
            ?? parent + "/python3-doc/html"
    }()

    private static let configuration =
        TestServer.prelude(workers: 2, connections: 1024) + """
            http {
                include \(mimeTypes);
                default_type application/octet-stream;
                gzip on;
                gzip_types text/css application/javascript text/plain image/svg+xml;
                access_log DIR/access.log;
                server { listen 127.0.0.1:PORT; root \(site); index index.html; }
            }
            """

    /// The project's own media types, or nginx's if there are none.
    private static var mimeTypes: String {
        let own = Product.repository + "/conf/mime.types"
        return FileManager.default.fileExists(atPath: own) ? own : "/etc/nginx/mime.types"
    }

    /// Returns the paths of all files below the site, relative to it.
    private func paths() throws -> [String] {
        let found = try run("find", ["-L", Self.site, "-type", "f", "-printf", "%P\n"])
        let paths = found.output.split(separator: "\n").map(String.init)
        try #require(paths.count > 500, "python3-doc is not installed: make test-tools")
        return paths
    }

    @Test(arguments: [false, true])
    func everyFileIsServedToCurl(compressed: Bool) throws {
        let server = try TestServer(configuration: Self.configuration)
        let mirror = try TemporaryDirectory()
        let paths = try paths()
        // One curl for all, on a few open connections.
        var list = compressed ? "compressed\n" : ""
        for path in paths {
            let escaped =
                path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
            list += "url = \"\(server.url("/" + escaped))\"\noutput = \"\(mirror.root)/\(path)\"\n"
        }
        try list.write(
            toFile: mirror.path + "/list", atomically: false, encoding: .utf8)
        let result = try run(
            "curl", ["-sSf", "--path-as-is", "--create-dirs", "-K", mirror.path + "/list"],
            seconds: 240)
        #expect(result.succeeded, "\(result.error.prefix(500))")
        try expectEqual(mirror.root, count: paths.count)
        try waitFor("a line for each") {
            server.accessLog.split(separator: "\n").count >= paths.count
        }
        #expect(server.accessLog.split(separator: "\n").count == paths.count)
    }

    @Test func wholeSiteIsServedToWget() throws {
        let server = try TestServer(configuration: Self.configuration)
        let mirror = try TemporaryDirectory()
        let result = try run(
            "wget",
            [
                "-q", "-r", "-l", "inf", "-nH", "--no-parent", "-e", "robots=off",
                "-P", mirror.root, server.url("/index.html"),
            ], seconds: 240)
        // 8 is "the server issued an error": a page links to something that the package lacks.
        #expect(result.exit == .code(0) || result.exit == .code(8), "\(result.error)")
        let fetched = try run("find", [mirror.root, "-type", "f", "-printf", "%P\n"])
            .output.split(separator: "\n").map(String.init)
        #expect(fetched.count > 450)
        var differing: [String] = []
        for path in fetched {
            // wget writes the query into the name and escapes nothing else here.
            let onDisk = path.components(separatedBy: "?")[0]
            let source = Self.site + "/" + onDisk
            if try readBytes(mirror.root + "/" + path) != readBytes(source) {
                differing.append(path)
            }
        }
        #expect(differing.isEmpty)
    }

    private func expectEqual(_ mirror: String, count: Int) throws {
        let difference = try run("diff", ["-r", "--brief", Self.site, mirror])
        #expect(difference.exit == .code(0), "\(difference.output.prefix(1000))")
        let copied = try run("find", [mirror, "-type", "f", "-printf", "x"])
        #expect(copied.output.count == count)
    }
}
