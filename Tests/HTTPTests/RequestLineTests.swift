import HTTP
import Testing

@Suite struct MethodTests {
    static let names: [(String, Method)] = [
        ("GET", .get), ("HEAD", .head), ("POST", .post), ("PUT", .put), ("DELETE", .delete),
        ("OPTIONS", .options), ("TRACE", .trace), ("CONNECT", .connect), ("PATCH", .patch),
        ("MKCOL", .mkcol), ("COPY", .copy), ("MOVE", .move), ("PROPFIND", .propfind),
        ("PROPPATCH", .proppatch), ("LOCK", .lock), ("UNLOCK", .unlock),
    ]

    @Test(arguments: names)
    func lookup(name: String, method: Method) {
        #expect(guarded(name) { Method(name: $0) } == method)
        // RFC 9110, section 9.1: methods are case-sensitive.
        #expect(guarded(name.lowercased()) { Method(name: $0) } == .unknown)
        #expect(guarded(name + "X") { Method(name: $0) } == .unknown)
        #expect(guarded(String(name.dropLast())) { Method(name: $0) } == .unknown)
    }

    @Test func allMethodsHaveARow() {
        #expect(Self.names.count == Method.allCases.count - 1)
    }

    @Test(arguments: ["", "G", "BREW", "GE\0", "PROPPATCHED", "PURGE"])
    func unknownMethodIsOther(name: String) {
        #expect(guarded(name) { Method(name: $0) } == .unknown)
    }
}
