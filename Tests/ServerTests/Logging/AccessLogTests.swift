import Testing

@testable import Server

/// Rules for the file names of logs with variables.
@Suite struct VariableLogTests {
    private func log(_ parts: [String?]) -> VariableLog {
        VariableLog(parts.map { part in part.map { Array($0.utf8) } }, cache: -1)
    }

    @Test(arguments: [
        ("/logs/a.log", true), ("/logs/.log", true), ("/logs/a/b.log", true),
        ("/logs/...log", true), ("/logs/x/../a.log", false), ("/logs/../a.log", false),
        ("/logs/..", false), ("/logs/a", false), ("/log/a.log", false), ("", false),
        ("/logs/a\u{0}.log", false), ("/etc/cron.d/a.log", false), ("/logs", false),
    ])
    func namesKeepTheConstantText(name: String, isAllowed: Bool) {
        #expect(log(["/logs/", nil, ".log"]).allows(Array(name.utf8)) == isAllowed)
    }

    @Test(arguments: [
        ("/a//../b", true), ("/a/x/../b", true), ("/a/../b", false), ("/a/../../b", false),
        ("/a/../../../b", false),
        ("/a/..", false), ("/a/b", false),
    ])
    func variablesAddNoParentSegments(name: String, isAllowed: Bool) {
        #expect(log(["/a/", nil, "/../b"]).allows(Array(name.utf8)) == isAllowed)
    }

    /// A variable after a dot, or two adjacent variables, cannot form the component `..`.
    @Test func variablesCompleteNoParentSegment() {
        #expect(log(["/a/.", nil, "/x"]).upCount == 0)
        #expect(!log(["/a/.", nil, "/x"]).allows(Array("/a/../x".utf8)))
        #expect(!log(["/a/", nil, nil]).allows(Array("/a/..".utf8)))
        #expect(!log(["/", nil]).allows(Array("/..".utf8)))
        #expect(log(["/", nil]).allows(Array("/anything/else".utf8)))
    }

    @Test func prefixAndSuffixDoNotOverlap() {
        #expect(!log(["/ab", nil, "b/"]).allows(Array("/ab/".utf8)))
        #expect(log(["/ab", nil, "b/"]).allows(Array("/abb/".utf8)))
    }
}
