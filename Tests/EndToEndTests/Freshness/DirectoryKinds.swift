extension ChangeKind {
    /// Changes of a directory on the way to the file.
    static let directoryKinds = [
        ChangeKind(
            name: "directory moved away and back", target: "d/e/a.txt", setUp: deepFile
        ) { site, number in
            if number % 2 == 1 {
                try site.move(site.path("d"), site.outside + "/d")
                return .status(404)
            }
            try site.move(site.outside + "/d", site.path("d"))
            return .file(site.path("d/e/a.txt"))
        },
        ChangeKind(
            name: "directory replaced by another", target: "d/e/a.txt",
            setUp: { site in
                try site.makeDirectory(site.outside + "/d")
                try site.makeDirectory(site.outside + "/d/e")
                try site.write(site.outside + "/d/e/a.txt", "the other one", creating: true)
                return try deepFile(site)
            }
        ) { site, _ in
            try site.move(site.path("d"), site.outside + "/away")
            try site.move(site.outside + "/d", site.path("d"))
            try site.move(site.outside + "/away", site.outside + "/d")
            return .file(site.path("d/e/a.txt"))
        },
        ChangeKind(
            name: "chmod of a directory", target: "d/e/a.txt", setUp: deepFile
        ) { site, number in
            try site.setMode(site.path("d"), number % 2 == 1 ? 0 : 0o755)
            return number % 2 == 1 ? .status(403) : .file(site.path("d/e/a.txt"))
        },
        ChangeKind(
            name: "below a directory with x, without r", target: "d/e/a.txt", setUp: hiddenFile
        ) { site, number in
            try site.replace(site.path("d/e/a.txt"), ChangeSite.text(number))
            return .file(site.path("d/e/a.txt"))
        },
        ChangeKind(
            name: "directory without r moved away and back", target: "d/e/a.txt", setUp: hiddenFile
        ) { site, number in
            if number % 2 == 1 {
                try site.move(site.path("d/e"), site.outside + "/e")
                return .status(404)
            }
            try site.move(site.outside + "/e", site.path("d/e"))
            return .file(site.path("d/e/a.txt"))
        },
        ChangeKind(name: "file replaced by a directory and back", setUp: aFile) { site, number in
            if number % 2 == 1 {
                try site.remove(site.path("a.txt"))
                try site.makeDirectory(site.path("a.txt"))
                return .status(301)
            }
            try site.removeDirectory(site.path("a.txt"))
            try site.write(site.path("a.txt"), ChangeSite.text(number), creating: true)
            return .file(site.path("a.txt"))
        },
        ChangeKind(
            name: "directory replaced by a file and back", target: "d/a.txt",
            setUp: { site in
                try site.makeDirectory(site.path("d"))
                return .file(try newFile(site, "d/a.txt"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.move(site.path("d"), site.outside + "/d")
                try site.write(site.path("d"), "a file", creating: true)
                return .status(404)
            }
            try site.remove(site.path("d"))
            try site.move(site.outside + "/d", site.path("d"))
            return .file(site.path("d/a.txt"))
        },
    ]

    @Sendable private static func deepFile(_ site: ChangeSite) throws -> ExpectedContent {
        try makeDirectories(site, "d/e")
        return .file(try newFile(site, "d/e/a.txt"))
    }

    @Sendable private static func hiddenFile(_ site: ChangeSite) throws -> ExpectedContent {
        let content = try deepFile(site)
        try site.setMode(site.path("d"), 0o311)
        return content
    }
}
