extension ChangeKind {
    /// Changes of symbolic links and their targets.
    static let linkKinds = [
        ChangeKind(
            name: "release link switched", target: "current/a.txt", setUp: twoReleases
        ) { site, number in
            let release = number % 2 == 1 ? "two" : "one"
            try site.pointLink(site.path("current"), to: release)
            return .file(site.path("current/a.txt"))
        },
        ChangeKind(
            name: "root is a switched link",
            configuration: "location PREFIX { root PLACE/current; }",
            setUp: { site in
                // A location's root is prepended to the whole path.
                for release in ["one", "two"] {
                    try makeDirectories(site, release + site.prefix)
                    try site.write(
                        site.path(release + site.prefix + "a.txt"), "release \(release)",
                        creating: true)
                }
                try site.pointLink(site.path("current"), to: "one")
                return .file(site.path("one" + site.prefix + "a.txt"))
            }
        ) { site, number in
            let release = number % 2 == 1 ? "two" : "one"
            try site.pointLink(site.path("current"), to: release)
            return .file(site.path(release + site.prefix + "a.txt"))
        },
        ChangeKind(name: "link to a file replaced", setUp: aLink) { site, number in
            let target = site.outside + "/\(number % 2)"
            try site.write(target, ChangeSite.text(number), creating: true)
            try site.pointLink(site.path("a.txt"), to: target)
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "a link's target written", setUp: aLink) { site, number in
            try site.write(site.outside + "/0", ChangeSite.text(number))
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "a link's target replaced", setUp: aLink) { site, number in
            try site.replace(site.outside + "/0", ChangeSite.text(number))
            return .file(site.path("a.txt"))
        },
        ChangeKind(
            name: "link in the middle of three",
            setUp: { site in
                _ = try aLink(site)
                try site.write(site.outside + "/1", ChangeSite.text(1), creating: true)
                try site.pointLink(site.outside + "/middle", to: "0")
                try site.pointLink(site.path("a.txt"), to: site.outside + "/middle")
                return .file(site.path("a.txt"))
            }
        ) { site, number in
            try site.pointLink(site.outside + "/middle", to: "\(number % 2)")
            return .file(site.path("a.txt"))
        },
        ChangeKind(name: "a link's target removed; created", setUp: aLink) { site, number in
            if number % 2 == 1 {
                try site.remove(site.outside + "/0")
                return .status(404)
            }
            try site.write(site.outside + "/0", ChangeSite.text(number), creating: true)
            return .file(site.path("a.txt"))
        },
    ]

    @Sendable private static func aLink(_ site: ChangeSite) throws -> ExpectedContent {
        try site.write(site.outside + "/0", ChangeSite.text(0), creating: true)
        try site.pointLink(site.path("a.txt"), to: site.outside + "/0")
        return .file(site.path("a.txt"))
    }

    @Sendable private static func twoReleases(_ site: ChangeSite) throws -> ExpectedContent {
        for release in ["one", "two"] {
            try site.makeDirectory(site.path(release))
            try site.write(site.path(release + "/a.txt"), "release \(release)", creating: true)
        }
        try site.pointLink(site.path("current"), to: "one")
        return .file(site.path("current/a.txt"))
    }

    static func makeDirectories(_ site: ChangeSite, _ path: String) throws {
        var made = site.place
        for name in path.split(separator: "/") {
            made += "/" + name
            try site.makeDirectory(made)
        }
    }
}
