import Testing

@testable import Server

@Suite struct LogFormatTests {
    /// The pieces of a format as `literal` and `<variable:rest>`.
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
        ("$", ["$\n"]),
        ("$$status", ["$", "<status:>", "\n"]),
        ("100$ $-", ["100$ $-\n"]),
        ("${status", ["${status\n"]),
        ("${}", ["${}\n"]),
    ])
    func aFormatIsLiteralsAndVariables(text: String, expected: [String]) throws {
        #expect(try pieces(text) == expected)
    }

    @Test(arguments: [
        ("$nothing", "nothing"), ("$http_", "http_"), ("$HTTP_HOST", "HTTP_HOST"), ("${x}y", "x"),
    ])
    func unknownVariablesAreNamed(text: String, name: String) throws {
        let outcome = loaded(
            "events {} http { log_format tested '\(text)'; access_log /l tested; }")
        #expect(outcome.plan == nil)
        #expect(outcome.report.contains("unknown \"\(name)\" variable"))
    }

    @Test(arguments: Variable.allNames)
    func everyNameIsAVariable(name: String) throws {
        #expect(try pieces("$\(name)").count == 2)
    }

    @Test func combinedIsNginxs() throws {
        #expect(
            try pieces(LogFormat.combined).joined()
                == "<remoteAddress:> - <remoteUser:> [<timeLocal:>] \"<request:>\" <status:> "
                + "<bodyBytesSent:> \"<field:referer>\" \"<field:user-agent>\"\n")
    }
}
