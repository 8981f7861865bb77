import Conformance
import Foundation
import Testing

/// The tables themselves: names, sections, and the list of differences with its page.
@Suite struct TableTests {
    @Test func namesAreUnique() {
        var seen: Set<String> = []
        for one in Group.cases { #expect(seen.insert(one.name).inserted, "\(one.name)") }
        #expect(seen.count > 900)
    }

    @Test func everyCaseNamesItsRFCSection() {
        for one in Group.cases {
            let words = one.section.split(separator: " ")
            #expect(words.count == 2 && ["9110", "9112"].contains(words[0]), "\(one.name)")
            let numbers = words.last?.split(separator: ".").map { Int($0) } ?? [nil]
            #expect(numbers.allSatisfy { $0 != nil }, "\(one.name): \(one.section)")
            #expect(!one.responses.isEmpty, "\(one.name)")
        }
    }

    @Test func knownFailuresAreCases() {
        let names = Set(Group.cases.map(\.name))
        for name in KnownFailures.lenient.keys { #expect(names.contains(name), "\(name)") }
        for name in KnownFailures.strict.keys { #expect(names.contains(name), "\(name)") }
        for name in KnownFailures.nginx { #expect(names.contains(name), "\(name)") }
    }

    @Test func everyDifferenceHasCases() {
        #expect(Set(Difference.all.map(\.name)) == Set(Difference.Name.allCases))
        #expect(Difference.all.count == Difference.Name.allCases.count)
        for one in Difference.all where one.shownElsewhere == nil {
            #expect(Group.cases.contains { $0.difference == one.name }, "\(one.name)")
        }
    }

    @Test func strictCasesDependOnStrictRequests() {
        let strict = Set(Difference.all.filter { $0.kind == .strict }.map(\.name))
        for one in Group.cases {
            guard let difference = one.difference, strict.contains(difference) else { continue }
            #expect(one.strictness == .on, "\(one.name)")
        }
    }

    @Test func differencesPageMatchesList() throws {
        let path = Product.repository + "/docs/differences.md"
        let page = try String(contentsOfFile: path, encoding: .utf8)
        #expect(page == Difference.page(), "make conformance-docs")
    }
}

/// Runs the cases against nginx, which shows that the list of differences is correct and complete.
@Suite(.enabled(if: Product.hasNginx, "nginx is not installed"))
struct NginxTests {
    @Test func listedDifferencesDifferFromNginx() throws {
        let failures = try Product.nginx.get()
        for one in Difference.all where one.shownElsewhere == nil {
            let cases = Group.cases.filter { $0.difference == one.name && $0.strictness != .off }
            #expect(cases.contains { failures[$0.name] != nil }, "\(one.name)")
        }
    }

    @Test func unlistedCasesMatchNginx() throws {
        let failures = try Product.nginx.get()
        for one in Group.cases where one.difference == nil {
            let isKnown = KnownFailures.nginx.contains(one.name)
            #expect(
                (failures[one.name] != nil) == isKnown, "\(one.name): \(failures[one.name] ?? "")")
        }
    }

    /// With strict_requests off, cases that only apus must pass are what nginx does.
    @Test func lenientCasesMatchNginx() throws {
        let server = try RunningServer(.nginx)
        let runner = try Runner(server.target)
        for one in Group.cases where one.strictness == .off {
            let failure = runner.failure(of: one)
            #expect(failure == nil, "\(one.name)")
        }
    }
}
