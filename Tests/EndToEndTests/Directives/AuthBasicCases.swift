import Foundation

extension DirectiveGroup {
    /// Access by password.
    static let authBasic = DirectiveGroup("auth_basic") {
        DirectiveCase(
            "auth_basic, auth_basic_user_file: challenge and credentials",
            server: "auth_basic \"the realm\"; auth_basic_user_file {root}/users;",
            files: ["users": "# ann:comment\n\nbob:{PLAIN}x:comment\nann:{PLAIN}secret", "a": "A"],
            .get(
                "/a", expect: 401, .field("WWW-Authenticate", "Basic realm=\"the realm\""),
                .errorLog("no user/password was provided for basic authentication, client")),
            .get("/a", [ann], expect: 200, "A", .noField("WWW-Authenticate")),
            .get("/a", [basic("bob:x")], expect: 200, "A"),
            .get("/a", ["authorization: bAsIc    YW5uOnNlY3JldA"], expect: 200, "A"),
            .get(
                "/a", [basic("ann:Secret")], expect: 401,
                .errorLog("user \"ann\": password mismatch, client")),
            .get(
                "/a", [basic("eve:x")], expect: 401,
                .errorLog("user \"eve\" was not found in \"{root}/users\", client")),
            .get("/a", [basic("ann:")], expect: 401), .get("/a", [basic("ann")], expect: 401),
            .get("/a", [basic(":secret")], expect: 401),
            .get("/a", ["Authorization: Bearer YW5uOnNlY3JldA=="], expect: 401),
            .get("/a", ["Authorization: Basic YW5u!OnNlY3JldA=="], expect: 401),
            .get("/a", ["Authorization: Basic"], expect: 401),
            .get("/none", expect: 401), .get("/none", [ann], expect: 404),
            .head("/a", expect: 401, .empty), .head("/a", [ann], expect: 200, .empty))
        DirectiveCase(
            "auth_basic_user_file: every kind of hash",
            server: "auth_basic r; auth_basic_user_file {root}/users;",
            files: ["a": "A", "users": .text(hashes)],
            .get("/a", [basic("plain:secret")], expect: 200),
            .get("/a", [basic("sha:secret")], expect: 200),
            .get("/a", [basic("ssha:secret")], expect: 200),
            .get("/a", [basic("apr1:password")], expect: 200),
            .get("/a", [basic("md5:secret")], expect: 200),
            .get("/a", [basic("bcrypt:secret")], expect: 200),
            .get("/a", [basic("sha256:secret")], expect: 200),
            .get("/a", [basic("sha512:secret")], expect: 200),
            .get("/a", [basic("yescrypt:secret")], expect: 200),
            .get("/a", [basic("des:secret")], expect: 200),
            .get("/a", [basic("plain:x")], expect: 401),
            .get("/a", [basic("apr1:x")], expect: 401),
            .get("/a", [basic("bcrypt:x")], expect: 401),
            .get("/a", [basic("garbage:garbage")], expect: 401))
        DirectiveCase(
            "auth_basic, auth_basic_user_file: levels, off and variables",
            server: """
                auth_basic "r $arg_r"; auth_basic_user_file {root}/$arg_file;
                location /open { auth_basic off; }
                location /variable { auth_basic $arg_r; }
                location /alone { auth_basic_user_file {root}/users; }
                """,
            files: [
                "users": "ann:{PLAIN}secret\n", "a": "A", "open": "open", "variable": "variable",
                "alone": "alone",
            ],
            .get(
                "/a?r=x&file=users", expect: 401,
                .field("WWW-Authenticate", "Basic realm=\"r x\"")),
            .get("/a?r=x&file=users", [ann], expect: 200, "A"),
            .get("/a?file=other", expect: 401),
            .get(
                "/a?file=other", [ann], expect: 403, .errorLog("open() \"{root}/other\" failed (2:")
            ),
            .get("/open", expect: 200, "open"), .get("/variable?r=off", expect: 200, "variable"),
            .get("/variable?r=on", expect: 401), .get("/alone", [ann], expect: 200, "alone"))
        DirectiveCase(
            "auth_basic, auth_basic_user_file: a file that cannot be read",
            server: "auth_basic r; auth_basic_user_file {root}/directory;",
            files: ["a": "A", "directory/x": "x"],
            .get("/a", expect: 401), .get("/a", [ann], expect: 500))
        DirectiveCase(
            "auth_basic: with index and error pages",
            server: """
                location / { auth_basic r; auth_basic_user_file {root}/users; }
                location /page { auth_basic r; auth_basic_user_file {root}/users;
                    error_page 401 /shown; }
                location /shown { }
                location /twice { auth_basic r; auth_basic_user_file {root}/users;
                    error_page 401 =200 /again; }
                location /again { auth_basic q; auth_basic_user_file {root}/users; }
                """,
            files: [
                "users": "ann:{PLAIN}secret\n", "index.html": "index", "shown": "shown",
                "again": "again",
            ],
            .get("/", expect: 401), .get("/", [ann], expect: 200, "index"),
            .get("/page", expect: 401, "shown", .field("WWW-Authenticate", "Basic realm=\"r\"")),
            .get(
                "/twice", expect: 401,
                .fields("WWW-Authenticate", ["Basic realm=\"r\"", "Basic realm=\"q\""])))
        DirectiveCase(
            "auth_basic: $remote_user",
            server: "location /u { return 200 \"[$remote_user]\"; }",
            .get("/u", expect: 200, "[]"), .get("/u", [ann], expect: 200, "[ann]"),
            .get("/u", ["Authorization: Basic x"], expect: 200, "[]"))
        DirectiveCase(
            "auth_basic: twice", server: "auth_basic a; auth_basic b;",
            refuses: "\"auth_basic\" directive is duplicate")
        DirectiveCase(
            "auth_basic_user_file: an unknown variable",
            server: "auth_basic a; auth_basic_user_file $nope;",
            refuses: "unknown \"nope\" variable"
        )
        DirectiveCase(
            "auth_delay: delays 401",
            server: """
                auth_basic r; auth_basic_user_file {root}/users; auth_delay 200ms;
                """,
            files: ["users": "ann:{PLAIN}secret\n", "a": "A"],
            .get("/a", expect: 401, .errorLog("delaying unauthorized request, client")),
            .get("/a", [ann], expect: 200, "A"),
            .raw(
                "GET /a HTTP/1.1\r\nHost: h\r\n\(ann)\r\n\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n"
                    + "GET /a HTTP/1.1\r\nHost: h\r\n\(ann)\r\n\r\n", expect: 200, "A"),
            .next(expect: 401), .next(expect: 200, "A"))
        DirectiveCase(
            "auth_delay: an invalid time", server: "auth_delay x;",
            refuses: "invalid time \"x\"",
            nginxSays: "\"auth_delay\" directive invalid value")
    }

    /// Returns the Authorization header for `user:password`.
    static func basic(_ credentials: String) -> String {
        "Authorization: Basic " + Data(credentials.utf8).base64EncodedString()
    }

    private static let hashes = """
        plain:{PLAIN}secret
        sha:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=
        ssha:{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0
        apr1:$apr1$abcdefgh$FBwExRW4dCc8aL.OvjpIE1
        md5:$1$saltsalt$9xy1btjgzLYfb7hivXtC//
        bcrypt:$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW
        sha256:$5$saltsalt$0IyaXrmV7.sGNS6tirgqHLqX/G.FBvgkYA.lpPdS5sA
        sha512:$6$saltsalt$TVLlQcbpFVof5W3Yz4DTP6gRstiNuHwwTt6GLc1E5n0U0aDehy0S5knV8wiOQSpT0Y77\
        vwPZN.Pq.H91p5hVO1
        yescrypt:$y$j9T$abcdefghijkl$XFQnRmFDoRnfefa6tLCdzcaB9xoGhmmkRgfG1lm0pK1
        des:abNANd1rDfiNc
        garbage:garbage

        """
}
