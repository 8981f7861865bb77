import Foundation

/// One sentence or fragment that people read, with its place in the tree.
struct Prose {
    /// A path and the number of the line, as in "Sources/HTTP/Status.swift:12".
    let place: String
    let text: String
}

extension SourceFile {
    /// The lines that people read and that no compiler checks: user documentation and scripts.
    static let pages =
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "Makefile"]
        .compactMap { try? SourceFile(path: $0) }
        + all(below: "docs", endings: [".md", ".5", ".8"])
        + all(below: "conf", endings: [".conf", ".md"])
        + all(below: "public", endings: [".html"])

    /// The first line of each doc comment.
    var summaries: [Prose] {
        lines.indices.compactMap { index in
            let line = lines[index].trimmingCharacters(in: .whitespaces)
            guard line.hasPrefix("///"),
                index == 0
                    || !lines[index - 1].trimmingCharacters(in: .whitespaces).hasPrefix("///")
            else { return nil }
            let text = line.dropFirst(3).trimmingCharacters(in: .whitespaces)
            return Prose(place: "\(path):\(index + 1)", text: text)
        }
    }

    /// The comments, a line each.
    var comments: [Prose] {
        lines.indices.compactMap { index in
            guard let start = lines[index].range(of: "//") else { return nil }
            return Prose(
                place: "\(path):\(index + 1)", text: String(lines[index][start.upperBound...]))
        }
    }

    /// The string literals that stand on one line, as far as quotes tell.
    var literals: [Prose] {
        lines.indices.flatMap { index in
            lines[index].split(separator: "\"", omittingEmptySubsequences: false).enumerated()
                .filter { $0.offset % 2 == 1 }
                .map { Prose(place: "\(path):\(index + 1)", text: String($0.element)) }
        }
    }

    /// Every line as it is.
    var sentences: [Prose] {
        lines.indices.map { Prose(place: "\(path):\($0 + 1)", text: lines[$0]) }
    }

    /// The words of the code that name something of ours, with their places: identifiers without
    /// strings and comments.
    var identifiers: [Prose] {
        code.indices.flatMap { index in
            code[index].split { !($0.isLetter || $0.isNumber || $0 == "_") }.map {
                Prose(place: "\(path):\(index + 1)", text: String($0))
            }
        }
    }
}
