import Files

/// What a configuration needs the Aide for.
extension Plan {
    /// Whether there is something for an Aide to do.
    var asksAide: Bool {
        asksForPasswords || codesOnce
            || (0..<locations.count).contains { index in
                locations[index].features.contains(.readsElsewhere)
            }
    }

    /// Whether files are compressed once, to be kept.
    var codesOnce: Bool {
        main.contentCache.entries > 0
            && (0..<locations.count).contains { index in
                locations[index].features.contains(.gzip)
                    && gzips[Int(locations[index].gzip)].cache != .off
            }
    }

    /// How many bytes the Aide keeps of what it has compressed.
    var codedMemory: Int64 { codesOnce ? main.contentCache.bytes / 8 : 0 }
}
