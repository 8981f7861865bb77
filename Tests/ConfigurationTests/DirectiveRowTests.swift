import Testing

@testable import Configuration

@Suite struct DirectiveTableTests {
    @Test func namesOfAContext() {
        #expect(table.names(in: .ifInServer) == ["return"])
        #expect(table.names(in: .ifInLocation) == ["add_header", "return"])
        #expect(table.names(in: .main) == ["http", "stream"])
        #expect(table.rows(named: "if").count == 2)
        #expect(table.rows(named: "no").isEmpty)
        #expect(table.rawBlockNames == ["types"])
    }

    @Test(arguments: [
        (ArgumentCount.exactly(0), [0], "no arguments"), (.exactly(1), [1], "1 argument"),
        (.exactly(2), [2], "2 arguments"), (.oneOf([1, 2, 4]), [1, 2, 4], "1, 2 or 4 arguments"),
        (.atLeast(1), [1, 2, 3, 4, 5], "1 argument or more"),
        (.atLeast(3), [3, 4, 5], "3 arguments or more"),
        (.between(1, 3), [1, 2, 3], "1 to 3 arguments"),
        (.flag, [1], "1 argument, \"on\" or \"off\""),
    ])
    func argumentCounts(count: ArgumentCount, allowed: [Int], text: String) {
        #expect((0...5).filter(count.allows) == allowed)
        #expect(count.description == text)
    }

    @Test func contextNames() {
        #expect(Contexts.httpServerLocation.names == ["http", "server", "location"])
        #expect(Contexts.any.names.count == 9)
        #expect(Contexts.any.names.last == "upstream")
    }
}
