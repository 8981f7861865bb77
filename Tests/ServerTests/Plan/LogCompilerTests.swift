import HTTP
import Testing

@testable import Server

@Suite struct LogFormatTests {
    /// Returns the pieces of a format as `literal` and `<variable:rest>`.
    private func pieces(_ text: String) throws -> [String] {
        let plan = try plan(
            ofHTTP: "log_format tested '\(text)'; access_log /l tested; server { listen 80; }")
        return plan.formats[0].pieces.map {
            $0.source == .literal ? $0.text.text : "<\($0.name)\($0.text.text)>"
        }
    }

    @Test(arguments: [
        ("", ["\n"]),
        ("plain", ["plain\n"]),
        ("$status", ["<status>", "\n"]),
        ("$status$body_bytes_sent", ["<status>", "<body_bytes_sent>", "\n"]),
        ("a $status b", ["a ", "<status>", " b\n"]),
        ("${status}s", ["<status>", "s\n"]),
        ("$http_user_agent", ["<http_user-agent>", "\n"]),
        ("$arg_Name $cookie_a_b", ["<arg_name>", " ", "<cookie_a_b>", "\n"]),
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
        let sources = joined.formats[0].pieces.map { $0.source }
        #expect(sources == [.status, .literal])
        let empty = try plan(ofHTTP: "log_format tested escape=json; server {}")
        #expect(empty.formats[0].pieces.map { $0.text.text } == ["\n"])
    }

    @Test(arguments: VariableList.names)
    func everyNginxVariableIsKnown(name: String) throws {
        #expect(try pieces("$\(name)").count == 2)
    }

    @Test(arguments: [
        "upstream_http_x_cache", "upstream_cookie_a", "upstream_trailer_b", "ssl_protocol",
    ])
    func unsupportedVariablesAreKnown(name: String) throws {
        let number = try #require(VariableList.find(name)).number
        #expect(
            UnsupportedVariables.variables.contains {
                $0.name == VariableList.rows[Int(number)].name
            })
    }

    @Test func jsonFormatCanBeRedefined() throws {
        let own = try plan(
            ofHTTP: "log_format json '$status'; server { listen 80; access_log /l json; }")
        #expect(own.formats[0].escaping == .standard && own.formats[0].pieces.count == 2)
        let given = try plan(ofHTTP: "server { listen 80; access_log /l json; }")
        #expect(given.formats[0].escaping == .validJSON)
        let line = text { writer in
            given.formats[0].write(into: &writer) { piece, writer in
                switch piece.name {
                case "status": writer.append("000")
                case "body_bytes_sent": writer.append("7")
                case "request_time": writer.append("0.001")
                case "request_uri": writer.append([0x2F, 0x22, 0xFF, 0xC3, 0xA9].span)
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
                == "<remote_addr> - <remote_user> [<time_local>] \"<request>\" <status> "
                + "<body_bytes_sent> \"<http_referer>\" \"<http_user-agent>\"\n")
    }
}

extension TemplatePiece {
    /// The name of a built-in variable.
    fileprivate var name: String { VariableList.rows[Int(row)].name }
}
