extension DirectiveGroup {
    /// All tables, one a file.
    static let all: [DirectiveGroup] = [
        files, loading, stock, processes, requests, logs, geos, maps, splits, peers,
        listings, pictures, decompressed, charsets, recoded, additions,
        elsewhere, limits, connectionLimits, limitRefusals,
    ]
}
