import Conformance
import Testing

/// Runs every case against apus, one after the other, each on its own connection.
@Suite struct ConformanceTests {
    @Test(arguments: Group.cases.filter { $0.isAsked(isStrict: false) })
    func lenient(one: Case) throws {
        try judge(one, Product.server, known: KnownFailures.lenient)
    }

    @Test(
        .enabled(if: Product.hasStrictRequests, "this binary has no strict_requests"),
        arguments: Group.cases.filter { $0.isAsked(isStrict: true) })
    func strict(one: Case) throws {
        try judge(one, Product.strictServer, known: KnownFailures.strict)
    }

    private func judge(
        _ one: Case, _ server: Result<ServerUnderTest, any Error>, known: [String: String]
    ) throws {
        let failure = try server.get().runner.failure(of: one)
        if let reason = known[one.name] {
            #expect(failure != nil, "passes, so it is no known failure any more: \(reason)")
        } else {
            #expect(failure == nil, "\(one.citation) \(one.level.rawValue)")
        }
    }
}

extension Case: CustomTestStringConvertible {
    /// The name of the case.
    public var testDescription: String { name }
}
