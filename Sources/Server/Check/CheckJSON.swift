import Configuration

/// The findings as JSON, for editors and pipelines: one object with an array of findings.
extension CheckOutcome {
    /// The JSON text, with a line feed at its end.
    public var json: String {
        let findings = zip(diagnostics, lints).map { diagnostic, lint -> String in
            var members = [
                ("severity", CheckOutcome.quoted(diagnostic.severity.rawValue)),
                ("message", CheckOutcome.quoted(diagnostic.message)),
            ]
            if let lint { members.append(("lint", CheckOutcome.quoted(lint.rawValue))) }
            if let position = diagnostic.place.flatMap({ sources.position(of: $0) }) {
                members += [
                    ("file", CheckOutcome.quoted(position.name)), ("line", "\(position.line)"),
                    ("column", "\(position.column)"), ("length", "\(diagnostic.length)"),
                ]
            }
            if !diagnostic.help.isEmpty {
                let help = diagnostic.help.map(CheckOutcome.quoted).joined(separator: ",")
                members.append(("help", "[\(help)]"))
            }
            return "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
        }
        return "{\"findings\":[" + findings.joined(separator: ",") + "]}\n"
    }

    /// Returns a JSON string (RFC 8259, section 7).
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case let other where VisibleText.isInvisible(other):
                for unit in String(other).utf16 {
                    let digits = String(unit, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
                }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
