import Foundation
import Testing

/// The rules of plain English that can be checked: the first words of doc comments, phrases that
/// riddle, and one name for each thing.
@Suite struct LanguageTests {
    /// Summaries say what a declaration is or does, so they begin with a noun or a verb.
    static let firstWords: Set = [
        "What", "How", "Where", "Which", "Who", "Whom", "Whose", "It", "They", "Them", "That",
        "Those", "Its", "Their", "Nobody", "Somebody", "Of", "And", "As", "So",
    ]

    /// Phrases without a subject of the field; people where there are only processes.
    static let phrases = [
        "nobody", "somebody", "whoever", "is told", "are told", "tells of", "told of",
        "done without", "is there for", "comes to nothing", "come to nothing", "has come",
        "have come", "aide", "what is kept", "is kept of", "is to be had", "are to be had",
    ]

    /// Names that were replaced by those of the field, as parts of identifiers.
    static let replacedNames = [
        "Aide": "Helper", "Doorkeeper": "AdmissionFilter", "ClockHand": "ClockEviction",
        "SweepHand": "IncrementalSweep", "WatchedWays": "PathWatcher",
        "Coded": "Compressed", "CodingClasses": "AcceptEncodingClasses",
        "AnswerHead": "ResponseHead", "AnswerCache": "ResponseCache", "TurnClock": "CachedTime",
        "FieldMemory": "FieldBlockCache", "FileFacts": "FileStatus", "LogBell": "LogWakeup",
        "DeathReports": "CrashReports", "GatheredLines": "LineBuffer",
        "HeadWriter": "ByteWriter", "Answer": "Response", "answer": "response",
    ]

    @Test(arguments: SourceFile.everything)
    func summaryBeginsWithNounOrVerb(file: SourceFile) {
        for summary in file.summaries {
            let first = summary.text.prefix { $0.isLetter }
            let isCompound = summary.text.dropFirst(first.count).first == "-"
            #expect(
                isCompound || !Self.firstWords.contains(String(first)),
                "\(summary.place): \(summary.text)")
        }
    }

    @Test(arguments: SourceFile.everything)
    func commentsAndMessagesHaveNoBannedPhrase(file: SourceFile) {
        guard !file.path.hasSuffix("TidyTests/LanguageTests.swift") else { return }
        for prose in file.comments + file.literals {
            #expect(Self.phrase(in: prose.text) == nil, "\(prose.place): \(prose.text)")
        }
    }

    @Test(arguments: SourceFile.pages)
    func pagesHaveNoBannedPhrase(file: SourceFile) {
        for prose in file.sentences {
            #expect(Self.phrase(in: prose.text) == nil, "\(prose.place): \(prose.text)")
        }
    }

    @Test(arguments: SourceFile.swiftSources + SourceFile.tests)
    func identifiersUseFieldTerms(file: SourceFile) {
        guard !file.path.hasSuffix("TidyTests/LanguageTests.swift") else { return }
        for identifier in file.identifiers {
            for (old, new) in Self.replacedNames where Self.contains(identifier.text, part: old) {
                Issue.record("\(identifier.place): \(identifier.text): say \(new) for \(old)")
            }
        }
    }

    /// The identifiers in the code of all sources and tests.
    private static let identifiers = Set(
        (SourceFile.swiftSources + SourceFile.tests).flatMap { $0.identifiers.map(\.text) })

    @Test(arguments: SourceFile.swiftSources)
    func referencedSymbolExists(file: SourceFile) throws {
        let reference = try Regex(#"``([^`]+)``"#)
        for (index, line) in file.lines.enumerated() where line.contains("//") {
            for match in line.matches(of: reference) {
                let text = match.output[1].substring ?? ""
                let path = text.prefix { $0 != "(" }.split { $0 == "/" || $0 == "." }
                for name in path {
                    #expect(
                        Self.identifiers.contains(String(name)),
                        "\(file.path):\(index + 1): ``\(text)``")
                }
            }
        }
    }

    @Test(arguments: [
        ("Nobody waits for it.", "nobody"), ("The master is told that", "is told"),
        ("Returns the cached response.", nil), ("a busybody", nil), ("user nobody nogroup;", nil),
        ("read by nobody", nil), ("as the user nobody", nil), ("proxy nobody;", nil),
    ])
    func phraseIsFoundAsWholeWords(text: String, expected: String?) {
        #expect(Self.phrase(in: text) == expected)
    }

    @Test(arguments: [
        ("answerHead", "answer", true), ("currentAnswer", "Answer", true),
        ("Answer", "Answer", true),
        ("answered", "answer", false), ("isAnswered", "Answer", false), ("decoded", "Coded", false),
    ])
    func partOfIdentifierIsAWholeWord(identifier: String, part: String, expected: Bool) {
        #expect(Self.contains(identifier, part: part) == expected)
    }

    /// Returns the first banned phrase that `text` contains as whole words, in any case. The user
    /// `nobody` is not one.
    private static func phrase(in text: String) -> String? {
        let lowercased = text.replacingOccurrences(
            of: #"(user |as |default: |\.Li |[`$])nobody|"#
                + #"nobody([-.`;_][a-z]|;|$| [a-z$]( |;)| nogroup)"#,
            with: "", options: .regularExpression
        ).lowercased()
        return phrases.first { phrase in
            var rest = lowercased[...]
            while let found = rest.range(of: phrase) {
                let before = lowercased[..<found.lowerBound].last?.isLetter ?? false
                let after = lowercased[found.upperBound...].first?.isLetter ?? false
                if !before && !after { return true }
                rest = rest[found.upperBound...]
            }
            return false
        }
    }

    /// Whether one of the words that a camel-case identifier is made of, or a few of them in a row,
    /// is `part`. A part in lower case can only be the first.
    private static func contains(_ identifier: String, part: String) -> Bool {
        guard let found = identifier.range(of: part) else { return false }
        let next = identifier[found.upperBound...].first
        let endsThere = next.map { !$0.isLowercase } ?? true
        let begins = part.first?.isUppercase ?? false
        return endsThere && (begins || found.lowerBound == identifier.startIndex)
    }
}
