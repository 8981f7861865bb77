import Foundation
import Testing

/// Each feature of a location has its own bit.
@Suite struct FeatureBitsTests {
    @Test func noTwoFeaturesShareABit() throws {
        let file = try #require(
            SourceFile.swiftSources.first { $0.path.hasSuffix("Plan/LocationPlan.swift") })
        let bits = file.code.compactMap { line in
            line.components(separatedBy: "LocationFeatures(rawValue: 1 << ").dropFirst().first
                .flatMap { Int($0.prefix { $0.isNumber }) }
        }
        #expect(bits.count > 20)
        let shared = Dictionary(grouping: bits) { $0 }.filter { $1.count > 1 }.keys.sorted()
        #expect(shared.isEmpty, "bits that two features have: \(shared)")
        #expect(bits.allSatisfy { $0 < 64 })
    }
}
