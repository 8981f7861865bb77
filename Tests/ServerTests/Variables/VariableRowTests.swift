import Testing

@testable import Server

@Suite struct VariableListTests {
    @Test func numbersFitIntoByte() { #expect(VariableList.rows.count <= 256) }

    @Test func namesAreUnique() {
        #expect(Set(VariableList.rows.map(\.name)).count == VariableList.rows.count)
    }

    @Test func prefixesEndInUnderscore() {
        for row in VariableList.rows {
            #expect(row.traits.contains(.prefix) == row.name.hasSuffix("_"), "\(row.name)")
        }
    }

    @Test(arguments: [
        ("status", "status", ""), ("http_user_agent", "http_", "user-agent"),
        ("http_", "http_", ""), ("arg_A_b", "arg_", "a_b"), ("cookie_", "cookie_", ""),
        ("sent_http_content_type", "sent_http_content_type", ""),
        ("sent_http_content_types", "sent_http_", "content-types"),
        ("sent_trailer_x_y", "sent_trailer_", "x-y"),
        ("proxy_protocol_tlv_0x02", "proxy_protocol_tlv_", "0x02"),
    ])
    func nameIsRowAndRest(name: String, row: String, rest: String) throws {
        let found = try #require(VariableList.find(name))
        #expect(VariableList.rows[Int(found.number)].name == row)
        #expect(found.rest == rest)
    }

    @Test(arguments: [
        ("uri", true), ("upstream_http_x", true), ("ssl_cipher", true), ("uid_reset", false),
        ("http_x", false), ("sent_http_content_type", false), ("arg_x", false), ("own", false),
    ])
    func builtInNamesCannotBeDefined(name: String, isBuiltIn: Bool) {
        #expect(VariableList.isBuiltIn(name) == isBuiltIn)
    }

    /// Such a response may be cached, so the value must be the same for all clients.
    @Test func valuesSharedByClientsAreListed() {
        let shared = VariableList.rows.filter { row in
            row.cacheability == .shared
                && !UnsupportedVariables.variables.contains { $0.name == row.name }
        }
        #expect(
            shared.map(\.name).sorted() == [
                "document_root", "document_uri", "fastcgi_script_name", "hostname", "http2",
                "http3", "https", "nginx_version", "request_filename", "scheme",
                "sent_http_content_type", "server_name", "uri",
            ])
    }
}
