import Files

/// The parts of a configuration that need the helper process.
extension Plan {
    /// True if the configuration needs a helper process.
    var needsHelper: Bool {
        requiresPasswords || compressesOnce
            || (0..<locations.count).contains { index in
                locations[index].features.contains(.readsViaHelper)
            }
    }

    /// True if files are compressed once for the cache.
    var compressesOnce: Bool {
        main.contentCache.entries > 0
            && (0..<locations.count).contains { index in
                locations[index].features.contains(.gzip)
                    && gzips[Int(locations[index].gzip)].cache != .off
            }
    }

    /// The bytes of compressed bodies that the helper process may cache.
    var compressedCacheBytes: Int64 { compressesOnce ? main.contentCache.bytes / 8 : 0 }
}
