import Testing

@testable import Server

/// Each feature of a location has its own bit in one word.
@Suite struct FeatureBitsTests {
    @Test func featuresFitIntoOneWord() {
        #expect(LocationFeature.allCases.count > 20 && LocationFeature.allCases.count <= 64)
        for feature in LocationFeature.allCases {
            let others = LocationFeature.allCases.filter { $0 != feature }
            var features = LocationFeatures()
            for other in others { features.insert(other) }
            #expect(!features.contains(feature))
            features.insert(feature)
            #expect(features.contains(feature))
        }
    }
}
