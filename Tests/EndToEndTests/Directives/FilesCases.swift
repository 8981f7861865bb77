extension DirectiveGroup {
    /// From a path to a file.
    static let files = DirectiveGroup("files") {
        DirectiveCase(
            "root: a file below it", server: "", files: ["a.txt": "text", "b": "no suffix"],
            .get("/a.txt", expect: 200, "text", .field("Content-Type", "text/plain")),
            .head("/a.txt", expect: 200, .field("Content-Length", "4"), .empty),
            .get("/b", expect: 200, .field("Content-Type", "text/plain")),
            .get("/none", expect: 404, .errorLog("open() \"{root}/none\" failed (2:")))
        DirectiveCase(
            "root, alias: not both in one location",
            server: "location /a { root {root}; alias {root}; }",
            refuses: "\"alias\" directive is duplicate, \"root\" directive was specified earlier")
    }
}
