extension DirectiveGroup {
    /// split_clients.
    static let splits = DirectiveGroup("split_clients") {
        DirectiveCase(
            "split_clients: shares of hashes",
            declares: """
                split_clients "$arg_a" $split_half { 50% first; * second; }
                split_clients "${arg_a}x" $split_small { 0.5% tiny; 33.33% third; 30% next; }
                """,
            server: "root {root}/$split_half/$split_small;", bare: true,
            files: [
                "first/f": "a0", "second/f": "b0", "first/third/f": "a1", "second/third/f": "b1",
                "first/next/f": "a2", "second/next/f": "b2", "first/tiny/f": "a3",
                "second/tiny/f": "b3",
            ],
            .get("/f?a=abc", expect: 200), .get("/f?a=a", expect: 200), .get("/f", expect: 200),
            .get("/f?a=1", expect: 200), .get("/f?a=2", expect: 200), .get("/f?a=3", expect: 200),
            .get("/f?a=44", expect: 200), .get("/f?a=555", expect: 200),
            .get("/f?a=6666", expect: 200), .get("/f?a=77777", expect: 200),
            .get("/f?a=888888", expect: 200), .get("/f?a=127.0.0.1", expect: 200))
        DirectiveCase(
            "split_clients: the half that a hash is in",
            declares: "split_clients $arg_a $split_known { 50% first; * second; }",
            server: "root {root}/$split_known;", bare: true,
            files: ["first/f": "1", "second/f": "2"],
            .get("/f?a=abc", expect: 200, "1"), .get("/f?a=a", expect: 200, "2"))
        for (name, rows, message) in refused {
            DirectiveCase(
                "split_clients: \(name)", http: "split_clients $uri $x { \(rows) }",
                refuses: message)
        }
    }

    private static let refused = [
        ("more than all", "60% a; 50% b;", "percent total is greater than 100%"),
        ("a share after the rest", "* a; 1% b;", "percent total is greater than 100%"),
        ("no percentage", "50 a;", "invalid percent value \"50\""),
        ("nothing", "0% a;", "invalid percent value \"0%\""),
        ("three decimals", "0.123% a;", "invalid percent value \"0.123%\""),
    ]
}
