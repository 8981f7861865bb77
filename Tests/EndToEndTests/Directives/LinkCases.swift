/// disable_symlinks.
extension DirectiveGroup {
    static let links = DirectiveGroup("links") {
        DirectiveCase(
            "disable_symlinks: off", server: "disable_symlinks off;", files: linked, links: leading,
            .get("/link.txt", expect: 200, "file"), .get("/way/in.txt", expect: 200, "inner"))
        DirectiveCase(
            "disable_symlinks: on", server: "disable_symlinks on from={root}; autoindex on;",
            files: linked, links: leading,
            .get("/file.txt", expect: 200, "file"),
            .get("/directory/in.txt", expect: 200, "inner"),
            .get("/directory/", expect: 200, ignoring: chunks),
            .get("/directory", expect: 301),
            .get(
                "/link.txt", expect: 403,
                .errorLog("openat() \"{root}/link.txt\" failed (40: Too many levels of symbolic")),
            .get("/way", expect: 403),
            .get(
                "/way/in.txt", expect: 404,
                .errorLog("openat() \"{root}/way/in.txt\" failed (20: Not a directory)")),
            .get("/way/", expect: 404),
            .get("/none", expect: 404, .errorLog("openat() \"{root}/none\" failed (2:")),
            .get("/none/a", expect: 404), .get("/file.txt/", expect: 404),
            .get("/file.txt/a", expect: 404))
        DirectiveCase(
            "disable_symlinks: without from, the whole path is checked",
            server: """
                location /a/ { alias {root}/; disable_symlinks on; }
                location /b/ { alias {root}/way/; disable_symlinks on; }
                location /c/ { alias {root}/way/; disable_symlinks on from={root}/way; }
                location /d/ { alias {root}/way/; disable_symlinks on from={root}/way/; }
                location /e/ { alias {root}/way/; disable_symlinks on from={root}/wa; }
                location /f/ { alias {root}/way/; disable_symlinks on from=/nowhere; }
                location /g/ { alias {root}/way/; disable_symlinks on from=; }
                """,
            files: linked, links: leading,
            .get("/b/in.txt", expect: 404), .get("/c/in.txt", expect: 200, "inner"),
            .get("/d/in.txt", expect: 200, "inner"), .get("/e/in.txt", expect: 404),
            .get("/f/in.txt", expect: 404), .get("/g/in.txt", expect: 404),
            .get("/c/none", expect: 404))
        DirectiveCase(
            "disable_symlinks: variables in from",
            server: """
                location / { disable_symlinks on from=$document_root; }
                location /up { disable_symlinks on from=$document_root$arg_up; }
                """,
            files: linked, links: leading.merging(["up": "{root}/directory"]) { one, _ in one },
            .get("/link.txt", expect: 403), .get("/file.txt", expect: 200, "file"),
            .get("/up/in.txt", expect: 404), .get("/up/in.txt?up=/up", expect: 200, "inner"))
        DirectiveCase(
            "disable_symlinks: if_not_owner",
            server: "disable_symlinks if_not_owner from={root}; autoindex on;", files: linked,
            links: leading,
            .get("/link.txt", expect: 200, "file"), .get("/way/in.txt", expect: 200, "inner"),
            .get("/way", expect: 301), .get("/way/", expect: 200, ignoring: chunks),
            .get("/none", expect: 404), .get("/way/none", expect: 404))
        DirectiveCase(
            "disable_symlinks, try_files, index: applied to all candidates",
            server: """
                disable_symlinks on from={root};
                location /t { try_files /link.txt /file.txt =404; }
                location /i/ { index index.html; }
                """,
            files: ["file.txt": "file", "i/a": ""],
            links: ["link.txt": "{root}/file.txt", "i/index.html": "{root}/file.txt"],
            .get("/t", expect: 200, "file"), .get("/i/", expect: 403))
        DirectiveCase(
            "disable_symlinks, gzip_static: sidecars keep to it",
            server: "disable_symlinks on from={root}; gzip_static on;",
            files: ["file.txt": "file", "other.gz": "x"],
            links: ["file.txt.gz": "{root}/other.gz"],
            .get("/file.txt", ["Accept-Encoding: gzip"], expect: 200, "file"))
        DirectiveCase(
            "disable_symlinks: inherited, and turned off",
            server: """
                disable_symlinks on from={root};
                location /off/ { alias {root}/; disable_symlinks off; }
                """,
            files: linked, links: leading,
            .get("/link.txt", expect: 403), .get("/off/link.txt", expect: 200, "file"))
        DirectiveCase(
            "disable_symlinks: off with from", server: "disable_symlinks off from=/x;",
            refuses: "\"from=\" cannot be used with \"off\" parameter")
        DirectiveCase(
            "disable_symlinks: from alone", server: "disable_symlinks from=/x;",
            refuses: "\"disable_symlinks\" must have \"off\", \"on\" or \"if_not_owner\" parameter")
        DirectiveCase(
            "disable_symlinks: two", server: "disable_symlinks on off;",
            refuses: "duplicate parameters \"on off\"")
        DirectiveCase(
            "disable_symlinks: an invalid argument", server: "disable_symlinks ON;",
            refuses: "invalid parameter \"ON\"")
    }

    private static let chunks = ["Content-Length", "Transfer-Encoding"]
    private static let linked: [String: Fixture] = [
        "file.txt": "file", "directory/in.txt": "inner",
    ]
    private static let leading = ["link.txt": "{root}/file.txt", "way": "{root}/directory"]
}
