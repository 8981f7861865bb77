extension ChangeKind {
    /// Changes of names that are tried besides the file that is sent.
    static let nameKinds =
        candidates + sidecars + [
            ChangeKind(
                name: "error page replaced",
                configuration: "location PREFIX { error_page 404 PREFIXpage.html; }",
                target: "none.txt",
                setUp: { .file(try newFile($0, "page.html"), status: 404) }
            ) { site, number in
                try site.replace(site.path("page.html"), ChangeSite.text(number))
                return .file(site.path("page.html"), status: 404)
            },
            ChangeKind(
                name: "file with an error page created; removed",
                configuration: "location PREFIX { error_page 404 PREFIXpage.html; }",
                setUp: { .file(try newFile($0, "page.html"), status: 404) }
            ) { site, number in
                if number % 2 == 1 {
                    try site.write(site.path("a.txt"), ChangeSite.text(number), creating: true)
                    return .file(site.path("a.txt"))
                }
                try site.remove(site.path("a.txt"))
                return .file(site.path("page.html"), status: 404)
            },
            ChangeKind(
                name: "password changed",
                configuration: """
                    location PREFIX { auth_basic here; auth_basic_user_file PLACE/users; }
                    """,
                // user:right
                fields: ["Authorization: Basic dXNlcjpyaWdodA=="],
                setUp: { site in
                    try site.write(site.path("users"), "user:{PLAIN}right\n", creating: true)
                    return .file(try newFile(site))
                }
            ) { site, number in
                let word = number % 2 == 1 ? "other" : "right"
                try site.replace(site.path("users"), "user:{PLAIN}\(word)\n")
                return number % 2 == 1 ? .status(401) : .file(site.path("a.txt"))
            },
            ChangeKind(
                name: "file added to a listing",
                configuration: "location PREFIX { autoindex on; }",
                target: "",
                setUp: { site in
                    try site.write(site.path("0-0"), "x", creating: true)
                    return .page(containing: "0-0")
                }
            ) { site, number in
                // Replaces the previous one, so that the page stays short.
                try site.move(site.path("0-\(number - 1)"), site.path("0-\(number)"))
                return .page(containing: "0-\(number)\"")
            },
        ]

    private static let candidates = [
        ChangeKind(
            name: "earlier index file created; removed",
            configuration: "location PREFIX { index a.html b.html; }", target: "d/",
            setUp: { site in
                try site.makeDirectory(site.path("d"))
                return .file(try newFile(site, "d/b.html"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.write(site.path("d/a.html"), ChangeSite.text(number), creating: true)
                return .file(site.path("d/a.html"))
            }
            try site.remove(site.path("d/a.html"))
            return .file(site.path("d/b.html"))
        },
        ChangeKind(
            name: "earlier file of try_files created; removed",
            configuration: """
                location PREFIX { try_files $uri $uri.html $uri/a.html PREFIXlast.txt; }
                """,
            target: "a",
            setUp: { .file(try newFile($0, "last.txt")) }
        ) { site, number in
            let name = ["a", "a.html"][number / 2 % 2]
            if number % 2 == 1 {
                try site.write(site.path(name), ChangeSite.text(number), creating: true)
                return .file(site.path(name))
            }
            try site.remove(site.path(["a", "a.html"][(number - 1) / 2 % 2]))
            return .file(site.path("last.txt"))
        },
        ChangeKind(
            name: "directory of try_files moved in; out",
            configuration: "location PREFIX { try_files $uri/a.html $uri PREFIXlast.txt; }",
            target: "d",
            setUp: { site in
                try site.makeDirectory(site.outside + "/d")
                try site.write(site.outside + "/d/a.html", "in the directory", creating: true)
                return .file(try newFile(site, "last.txt"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.move(site.outside + "/d", site.path("d"))
                return .file(site.path("d/a.html"))
            }
            try site.move(site.path("d"), site.outside + "/d")
            return .file(site.path("last.txt"))
        },
    ]

    private static let sidecars = [
        ChangeKind(
            name: ".gz sidecar replaced", configuration: "location PREFIX { gzip_static on; }",
            fields: ["Accept-Encoding: gzip"],
            setUp: { site in
                _ = try newFile(site)
                return .sidecar(try newFile(site, "a.txt.gz"))
            }
        ) { site, number in
            try site.replace(site.path("a.txt.gz"), ChangeSite.text(number))
            return .sidecar(site.path("a.txt.gz"))
        },
        ChangeKind(
            name: ".gz sidecar removed; created",
            configuration: "location PREFIX { gzip_static on; }",
            fields: ["Accept-Encoding: gzip"],
            setUp: { site in
                _ = try newFile(site)
                return .sidecar(try newFile(site, "a.txt.gz"))
            }
        ) { site, number in
            if number % 2 == 1 {
                try site.remove(site.path("a.txt.gz"))
                return .file(site.path("a.txt"))
            }
            try site.write(site.path("a.txt.gz"), ChangeSite.text(number), creating: true)
            return .sidecar(site.path("a.txt.gz"))
        },
    ]
}
