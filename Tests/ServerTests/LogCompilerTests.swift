import HTTP
import Testing

@testable import Server

@Suite struct LogFormatTests {
    /// Returns the pieces of a format as `literal` and `<variable:rest>`.
    private func pieces(_ text: String) throws -> [String] {
        let plan = try plan(
            ofHTTP: "log_format tested '\(text)'; access_log /l tested; server { listen 80; }")
        return plan.formats[0].pieces.map {
            $0.variable == .literal ? $0.text.text : "<\($0.variable):\($0.text.text)>"
        }
    }

    @Test(arguments: [
        ("", ["\n"]),
        ("plain", ["plain\n"]),
        ("$status", ["<status:>", "\n"]),
        ("$status$body_bytes_sent", ["<status:>", "<bodyBytesSent:>", "\n"]),
        ("a $status b", ["a ", "<status:>", " b\n"]),
        ("${status}s", ["<status:>", "s\n"]),
        ("$http_user_agent", ["<field:user-agent>", "\n"]),
        ("$arg_Name $cookie_a_b", ["<argument:name>", " ", "<cookie:a_b>", "\n"]),
    ])
    func formatIsSplitIntoPieces(text: String, expected: [String]) throws {
        #expect(try pieces(text) == expected)
    }

    @Test(arguments: [
        ("$nothing", "nothing"), ("$http", "http"), ("${x}y", "x"),
    ])
    func unknownVariablesAreNamed(text: String, name: String) throws {
        let outcome = loaded(
            "events {} http { log_format tested '\(text)'; access_log /l tested; }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains("unknown \"\(name)\" variable"))
    }

    @Test(arguments: ["$", "$$status", "100$ $-", "${status", "${}", "$1"])
    func dollarWithoutNameIsRefused(text: String) {
        let outcome = loaded("events {} http { log_format tested '\(text)'; }")
        #expect(outcome.plan == nil)
        let isName = text == "$1"
        #expect(
            outcome.report.contains(
                isName ? "unknown \"1\" variable" : "invalid parameter \"\(text)\""))
    }

    @Test func argumentsAreSeparateTexts() throws {
        let joined = try plan(
            ofHTTP: "log_format tested '$status' x '' y; access_log /l tested; server {}")
        let variables = joined.formats[0].pieces.map { $0.variable }
        #expect(variables == [.status, .literal])
        let empty = try plan(ofHTTP: "log_format tested escape=json; server {}")
        #expect(empty.formats[0].pieces.map { $0.text.text } == ["\n"])
    }

    @Test(arguments: Variable.allNames)
    func everyNginxVariableIsKnown(name: String) throws {
        #expect(try pieces("$\(name)").count == 2)
    }

    @Test(arguments: [
        "upstream_http_x_cache", "upstream_cookie_a", "upstream_trailer_b", "ssl_protocol",
    ])
    func unsupportedVariablesAreKnown(name: String) throws {
        #expect(try pieces("$\(name)")[0] == "<unsupported:>")
    }

    @Test func jsonFormatCanBeRedefined() throws {
        let own = try plan(
            ofHTTP: "log_format json '$status'; server { listen 80; access_log /l json; }")
        #expect(own.formats[0].escaping == .standard && own.formats[0].pieces.count == 2)
        let given = try plan(ofHTTP: "server { listen 80; access_log /l json; }")
        #expect(given.formats[0].escaping == .validJSON)
        let line = text { writer in
            given.formats[0].write(into: &writer) { piece, writer in
                switch piece.variable {
                case .status: writer.append("000")
                case .bodyBytesSent: writer.append("7")
                case .requestTime: writer.append("0.001")
                case .requestURI: writer.append([0x2F, 0x22, 0xFF, 0xC3, 0xA9].span)
                default: return false
                }
                return true
            }
        }
        #expect(
            line == #"{"time":"","remote_addr":"","remote_user":"","method":"","host":"","#
                + #""uri":"/\"\u00FF\#u{E9}","protocol":"","status":0,"body_bytes_sent":7,"#
                + #""request_time":0.001,"referer":"","user_agent":"","request_id":""}"# + "\n")
    }

    @Test func combinedFormatIsNginxs() throws {
        #expect(
            try pieces(LogFormat.combined).joined()
                == "<remoteAddress:> - <remoteUser:> [<timeLocal:>] \"<request:>\" <status:> "
                + "<bodyBytesSent:> \"<field:referer>\" \"<field:user-agent>\"\n")
    }
}
