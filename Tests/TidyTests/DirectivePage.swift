import Configuration

@testable import Server

/// docs/directives.md, made of the rows.
enum DirectivePage {
    typealias Row = DirectiveRow<Draft>

    /// The whole page.
    static var text: String {
        let rows = DirectiveList.table.rows
        return """
            <!-- Made by `make docs` from the rows in Sources/Server/Directives. -->
            # Directives

            Every directive that apus knows, in three classes. One that is in none of them is an
            error, and so is one where it may not stand or with a wrong number of arguments.

            - [Implemented](#implemented): they do what nginx's documentation says of them, but for
              what stands here.
            - [Idle](#idle): taken and counted, for the sake of configurations that were written for
              nginx. They change no answer there that a file server gives.
            - [Refused](#refused): they would change answers, and cannot. Each is an error that says
              so.

            `${ENV:NAME}` and `${ENV:NAME:-default}`, apus's own, stand for a variable of the
            environment in any word of a configuration. The value is never split into words. Without
            a default an unset variable is an error; a default also takes the place of an empty one.

            ## Implemented

            \(implemented(rows))

            ## Idle

            \(idle(rows))
            ## Refused

            \(refused(rows))

            """
    }

    private static func implemented(_ rows: [Row]) -> String {
        // The parser's own.
        let include =
            "| `include` | any | 1 | | Takes the place of the directives in the files that a "
            + "pattern matches. |"
        let lines = rows.filter { $0.kind == .implemented }.map { row in
            (row.name, line(of: row))
        }
        return table(
            ["directive", "where", "arguments", "default", "what it does"],
            (lines + [("include", include)]).sorted { $0.0 < $1.0 }.map(\.1))
    }

    private static func line(of row: Row) -> String {
        let standard = row.defaultText.map { "`\(cell($0))`" } ?? ""
        let difference = row.difference.map { " *Differs:* \(cell($0))" } ?? ""
        return "| `\(row.name)` | \(places(row)) | \(count(row)) | \(standard)"
            + "\(standard.isEmpty ? "" : " ")| \(cell(row.summary))\(difference) |"
    }

    private static func idle(_ rows: [Row]) -> String {
        var families: [(name: String, reason: String, rows: [Row])] = []
        for row in rows where row.kind == .idle {
            let name = row.family ?? ""
            if let index = families.firstIndex(where: { $0.name == name }) {
                families[index].rows.append(row)
            } else {
                families.append((name, row.summary, [row]))
            }
        }
        return families.map { family in
            let lines = family.rows.sorted { $0.name < $1.name }.map {
                "| `\($0.name)` | \(places($0)) | \(count($0)) |"
            }
            return "### \(family.name)\n\nIdle, because \(family.reason).\n\n"
                + table(["directive", "where", "arguments"], lines) + "\n\n"
        }.joined()
    }

    private static func refused(_ rows: [Row]) -> String {
        let lines = rows.filter { $0.kind == .refused }.sorted { $0.name < $1.name }.map { row in
            let harmless = row.defaultText.map { " (`\($0)` is taken)" } ?? ""
            return "| `\(row.name)`\(harmless) | \(places(row)) | \(cell(row.summary)) | "
                + "\(cell(row.difference ?? "")) |"
        }
        return table(["directive", "where", "what nginx does", "what to do"], lines)
    }

    private static func table(_ heads: [String], _ lines: [String]) -> String {
        let head = "| " + heads.joined(separator: " | ") + " |"
        let rule = "|" + heads.map { _ in "---|" }.joined()
        return ([head, rule] + lines).joined(separator: "\n")
    }

    private static func places(_ row: Row) -> String {
        row.contexts.names.joined(separator: ", ")
    }

    private static func count(_ row: Row) -> String {
        let text =
            switch row.arguments {
            case .exactly(let count): "\(count)"
            case .oneOf(let counts): counts.map(String.init).joined(separator: ", ")
            case .atLeast(let least): "\(least) or more"
            case .between(let least, let most): "\(least) to \(most)"
            case .flag: "`on` or `off`"
            }
        return row.hasBlock ? text + ", `{ }`" : text
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|")
    }
}
