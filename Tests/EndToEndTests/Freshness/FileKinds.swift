import Glibc

extension ChangeKind {
    /// Changes of a file itself.
    static let fileKinds =
        inPlaceKinds + facts + [
            ChangeKind(name: "rename over", setUp: aFile) { site, number in
                try site.replace(site.path("a.txt"), ChangeSite.text(number))
                return .file(site.path("a.txt"))
            },
            ChangeKind(name: "rename over, 40 KiB", setUp: aLargeFile) { site, number in
                try site.replace(
                    site.path("a.txt"), ChangeSite.text(number, count: 40_000 + number))
                return .file(site.path("a.txt"))
            },
            ChangeKind(name: "delete and create again", setUp: aFile) { site, number in
                try site.remove(site.path("a.txt"))
                try site.write(site.path("a.txt"), ChangeSite.text(number), creating: true)
                return .file(site.path("a.txt"))
            },
            ChangeKind(name: "delete; create", setUp: aFile) { site, number in
                if number % 2 == 1 {
                    try site.remove(site.path("a.txt"))
                    return .status(404)
                }
                try site.write(site.path("a.txt"), ChangeSite.text(number), creating: true)
                return .file(site.path("a.txt"))
            },
            ChangeKind(
                name: "create a missing file", target: "NUMBER.txt", setUp: { _ in .status(404) }
            ) { site, number in
                try site.write(site.path("\(number).txt"), ChangeSite.text(number), creating: true)
                return .file(site.path("\(number).txt"))
            },
            ChangeKind(name: "rename away and back", setUp: aFile) { site, number in
                if number % 2 == 1 {
                    try site.move(site.path("a.txt"), site.path("b.txt"))
                    return .status(404)
                }
                try site.move(site.path("b.txt"), site.path("a.txt"))
                return .file(site.path("a.txt"))
            },
            ChangeKind(
                name: "rename over, gzip on the fly",
                configuration: """
                    location PREFIX { gzip on; gzip_types text/plain; gzip_min_length 100; }
                    """,
                fields: ["Accept-Encoding: gzip"],
                setUp: { .compressed(try newFile($0, count: 3000)) }
            ) { site, number in
                try site.replace(site.path("a.txt"), ChangeSite.text(number, count: 3000))
                return .compressed(site.path("a.txt"))
            },
            compressedKind("rename over, gzip from memory", count: 3000) { site, number in
                try site.replace(site.path("a.txt"), ChangeSite.text(number, count: 3000))
            },
        ]

    /// A file whose compressed variant is cached before it changes.
    private static func compressedKind(
        _ name: String, count: Int, change: @escaping @Sendable (ChangeSite, Int) throws -> Void
    ) -> ChangeKind {
        ChangeKind(
            name: name,
            configuration: "location PREFIX { gzip on; gzip_types text/plain; }",
            fields: ["Accept-Encoding: gzip"], isCompressedBefore: true,
            setUp: { .compressed(try newFile($0, count: count)) }
        ) { site, number in
            try change(site, number)
            return .compressed(site.path("a.txt"))
        }
    }

    private static let inPlaceKinds = [
        ChangeKind(name: "write in place, same size", setUp: aFile) { site, number in
            try site.write(site.path("a.txt"), ChangeSite.text(number))
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "write in place, time set back", setUp: aFile) { site, number in
            try site.write(site.path("a.txt"), ChangeSite.text(number))
            try site.setTime(site.path("a.txt"), TemporaryDirectory.modified)
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "write in place, 40 KiB", setUp: aLargeFile) { site, number in
            try site.write(site.path("a.txt"), ChangeSite.text(number, count: 40_000))
            return .file(site.path("a.txt"))
        },
        ChangeKind(
            name: "write through an open descriptor",
            setUp: { site in
                let path = try newFile(site)
                site.descriptor = unsafe open(path, O_WRONLY | O_CLOEXEC)
                return .file(path)
            }
        ) { site, number in
            try site.write(site.descriptor, ChangeSite.text(number))
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "truncate and rewrite", setUp: aFile) { site, number in
            let text = ChangeSite.text(number, count: 30 + number % 100)
            try site.write(site.path("a.txt"), text, truncating: true)
            return .file(site.path("a.txt"))
        },
        ChangeKind(
            name: "truncate(2), shorter and longer", setUp: { .file(try newFile($0, count: 4000)) }
        ) { site, number in
            try site.setSize(site.path("a.txt"), number % 2 == 1 ? 10 : 4000)
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "mapped write and unmap", setUp: aFile) { site, number in
            try site.storeMapped(site.path("a.txt"), ChangeSite.text(number))
            return .file(site.path("a.txt"))
        },
        compressedKind("write in place, gzip from memory", count: 2000) { site, number in
            try site.write(site.path("a.txt"), ChangeSite.text(number, count: 2000))
        },
        compressedKind("write in place, 40 KiB, gzip from memory", count: 40_000) { site, number in
            try site.write(site.path("a.txt"), ChangeSite.text(number, count: 40_000))
        },
        compressedKind("write in place, 60 KiB, gzip from a memory file", count: 60_000) {
            site, number in
            try site.write(site.path("a.txt"), ChangeSite.digits(number, count: 60_000))
        },
        compressedKind("mapped write and unmap, gzip from memory", count: 3000) { site, number in
            try site.storeMapped(site.path("a.txt"), ChangeSite.text(number, count: 3000))
        },
        ChangeKind(name: "written through a new hard link", setUp: aFile) { site, number in
            let other = site.outside + "/other"
            try site.addName(other, of: site.path("a.txt"))
            try site.write(other, ChangeSite.text(number))
            try site.remove(other)
            return .file(site.path("a.txt"))
        },
    ]

    private static let facts = [
        ChangeKind(name: "chmod", setUp: aFile) { site, number in
            try site.setMode(site.path("a.txt"), number % 2 == 1 ? 0 : 0o644)
            return number % 2 == 1 ? .status(403) : .file(site.path("a.txt"))
        },
        ChangeKind(name: "touch", setUp: aFile) { site, number in
            try site.setTime(site.path("a.txt"), TemporaryDirectory.modified + number)
            return .file(site.path("a.txt"))
        },
    ]

    @Sendable static func aFile(_ site: ChangeSite) throws -> ExpectedContent {
        .file(try newFile(site))
    }

    @Sendable private static func aLargeFile(_ site: ChangeSite) throws -> ExpectedContent {
        .file(try newFile(site, count: 40_000))
    }

    static func newFile(_ site: ChangeSite, _ name: String = "a.txt", count: Int = 64) throws
        -> String
    {
        let path = site.path(name)
        try site.write(path, ChangeSite.text(0, count: count), creating: true)
        return path
    }
}
