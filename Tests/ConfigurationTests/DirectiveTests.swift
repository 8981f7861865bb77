import Testing

@testable import Configuration

/// `${ENV:NAME}` in words.
@Suite struct EnvironmentReferenceTests {
    private static let environment = [
        "PORT": "8080", "DIR": "/srv/www", "EMPTY": "", "_A1": "x", "WORDS": "a b; c {d} \"e\" #f",
        "VALUE": "\\n$x${ENV:PORT}", "FILE": "more",
    ]

    @Test(arguments: [
        ("listen ${ENV:PORT};", "[listen][8080];"),
        ("root ${ENV:DIR}/x${ENV:PORT}y;", "[root][/srv/www/x8080y];"),
        (#"root "${ENV:DIR} 2";"#, "[root][/srv/www 2];"),
        ("root '${ENV:DIR}';", "[root][/srv/www];"),
        ("a ${ENV:_A1};", "[a][x];"), ("${ENV:_A1} ${ENV:_A1};", "[x][x];"),
        // A value becomes bytes of the word: it is not split, and has no escapes or references.
        ("a ${ENV:WORDS} b;", #"[a][a b; c {d} "e" #f][b];"#),
        ("a ${ENV:VALUE};", #"[a][\n$x${ENV:PORT}];"#),
        // Defaults, for unset and empty variables.
        ("a ${ENV:PORT:-1};", "[a][8080];"), ("a ${ENV:NO:-1};", "[a][1];"),
        ("a ${ENV:EMPTY:-1}2;", "[a][12];"), ("a x${ENV:NO:-}y;", "[a][xy];"),
        ("a ${ENV:EMPTY};", "[a][];"), ("a ${ENV:NO:-/a:-b};", "[a][/a:-b];"),
        (#"a "${ENV:NO:-b c; \"d\"}";"#, #"[a][b c; "d"];"#),
        // Raw blocks.
        ("map $a $b { ${ENV:PORT} ${ENV:DIR}; }", "[map][$a][$b]{[8080][/srv/www];}"),
        ("types { a/${ENV:_A1} y; }", "[types]{[a/x][y];}"),
        // Text that only resembles a reference.
        ("a ${PORT} $ENV:PORT ${env:PORT};", "[a][${PORT}][$ENV:PORT][${env:PORT}];"),
        ("a $;", "[a][$];"), ("# ${ENV:NO}\na;", "[a];"),
        (#"a \t${ENV:_A1}\t;"#, "[a][\tx\t];"),
    ])
    func referencesAreReplacedByValues(text: String, expected: String) {
        let parsed = parse(text, environment: Self.environment)
        #expect(outline(parsed.tree) == expected)
        #expect(parsed.diagnostics.isEmpty)
    }

    @Test func includePathMayContainReference() {
        let parsed = parse(
            "include ${ENV:FILE}.conf; include ${ENV:FILE}*;", files: ["more.conf": "a;"],
            environment: Self.environment)
        #expect(outline(parsed.tree) == "[a];[a];")
    }

    @Test(arguments: [
        (
            "root /a/${ENV:HOME_DIR}/b;",
            """
            apus.conf:1:9: error: the environment variable "HOME_DIR" is not set
            root /a/${ENV:HOME_DIR}/b;
                    ^~~~~~~~~~~~~~~
            help: set it, or write a default: ${ENV:HOME_DIR:-value}
            """
        ),
        (
            "a ${ENV:};",
            """
            apus.conf:1:3: error: "" is not a valid name of an environment variable
            a ${ENV:};
              ^~~~~~~
            help: a name has letters, digits and underscores: ${ENV:NAME}
            """
        ),
        (
            "a ${ENV:1};",
            """
            apus.conf:1:3: error: "1" is not a valid name of an environment variable
            a ${ENV:1};
              ^~~~~~~~
            help: a name has letters, digits and underscores: ${ENV:NAME}
            """
        ),
        (
            "a ${ENV:NO:-b c};",
            """
            apus.conf:1:3: error: "${ENV:" is not closed in this word
            a ${ENV:NO:-b c};
              ^~~~~~~~~~~
            help: a "}" is missing; a default with spaces needs quotes around the word
            """
        ),
        (
            "a ${ENV:PORT:8};",
            """
            apus.conf:1:3: error: a default begins with ":-"
            a ${ENV:PORT:8};
              ^~~~~~~~~~~~~
            help: write ${ENV:NAME:-default}
            """
        ),
    ])
    func invalidReferenceIsReportedAtItsPlace(text: String, errors: String) {
        #expect(parseErrors(text, environment: Self.environment) == errors)
    }
}

/// Literals in which no character has a meaning.
@Suite struct WordLiteralsTests {
    private let word = parse("${ENV:A}b${ENV:A}c;", environment: ["A": "$x"]).tree[0].name

    @Test func literalRangesCoverEnvironmentValues() {
        #expect(word.text == "$xb$xc")
        #expect(word.literals == [0..<2, 3..<5])
        #expect(parse("a$b;").tree[0].name.literals.isEmpty)
    }

    @Test(arguments: [
        ("$xb$xc", [0..<2, 3..<5]), ("/srv/$xb$xc", [5..<7, 8..<10]), ("xb$xc", [0..<1, 2..<4]),
        ("$xc", [0..<2]), ("c", []), ("", []), ("/srv/other", []), ("other", []),
    ])
    func literalRangesAreFoundInPartOfWord(part: String, ranges: [Range<Int>]) {
        #expect(word.literals(in: Array(part.utf8)) == ranges)
    }
}
