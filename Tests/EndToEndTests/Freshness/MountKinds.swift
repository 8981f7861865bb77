extension ChangeKind {
    /// Mounts on the way to the file.
    static let mountKinds = [
        ChangeKind(
            name: "bind mount over a directory; removed", target: "d/a.txt", needsRoot: true,
            setUp: { site in
                try site.write(site.outside + "/a.txt", "below the mount", creating: true)
                try site.makeDirectory(site.path("d"))
                return .file(try newFile(site, "d/a.txt"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.mountDirectory(site.outside, on: site.path("d"))
            } else {
                try site.unmountLast()
            }
            return .file(site.path("d/a.txt"))
        },
        ChangeKind(
            name: "bind mount over a file; removed", needsRoot: true,
            setUp: { site in
                try site.write(site.outside + "/a.txt", "the mounted file", creating: true)
                return .file(try newFile(site))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.mountDirectory(site.outside + "/a.txt", on: site.path("a.txt"))
            } else {
                try site.unmountLast()
            }
            return .file(site.path("a.txt"))
        },
        ChangeKind(
            name: "empty file system mounted; removed", target: "d/a.txt", needsRoot: true,
            setUp: { site in
                try site.makeDirectory(site.path("d"))
                return .file(try newFile(site, "d/a.txt"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.mountMemory(on: site.path("d"))
                return .status(404)
            }
            try site.unmountLast()
            return .file(site.path("d/a.txt"))
        },
    ]
}
