extension DirectiveGroup {
    /// map.
    static let maps = DirectiveGroup("maps") {
        DirectiveCase(
            "map: strings without regard to case, expressions in order, default",
            declares: """
                map $arg_v $map_a {
                    default none; ONE 1; two "a b"; "" empty; \\default escaped; \\~x tilde;
                    ~^x(.)(?<map_rest>.*)$ $map_rest-$1; ~*^Y y; ~^yes never; 12 $arg_w;
                }
                """,
            server: "root {root}/$map_a;", bare: true,
            files: [
                "none/f": "none", "1/f": "1", "a b/f": "a b", "empty/f": "empty",
                "escaped/f": "escaped", "tilde/f": "tilde", "bc-a/f": "bc-a", "y/f": "y",
                "w/f": "w",
                "f": "nothing",
            ],
            .get("/f?v=one", expect: 200, "1"), .get("/f?v=One", expect: 200, "1"),
            .get("/f?v=TWO", expect: 200, "a b"), .get("/f?v=default", expect: 200, "escaped"),
            .get("/f", expect: 200, "empty"), .get("/f?v=~x", expect: 200, "tilde"),
            .get("/f?v=xabc", expect: 200, "bc-a"), .get("/f?v=yes", expect: 200, "y"),
            .get("/f?v=Xabc", expect: 200, "none"), .get("/f?v=12&w=w", expect: 200, "w"),
            .get("/f?v=12", expect: 200, "nothing"))
        DirectiveCase(
            "map: texts of several variables on both sides",
            declares: """
                map "$arg_a:$arg_b" $map_both {
                    "1:2" "$arg_b$arg_a"; ~^(\\w+):x "x-$1-${arg_b}"; ":" "/$map_default";
                }
                map $arg_a $map_default { default other; }
                """,
            server: "root {root}/$map_both;", bare: true,
            files: ["21/f": "21", "x-q-x/f": "x", "other/f": "other", "f": "nothing"],
            .get("/f?a=1&b=2", expect: 200, "21"), .get("/f?a=q&b=x", expect: 200, "x"),
            .get("/f", expect: 200, "other"), .get("/f?a=no", expect: 200, "nothing"))
        DirectiveCase(
            "map: hostnames",
            declares: """
                map $host $map_host {
                    hostnames; default none; example.com exact; *.example.com below;
                    .dotted.org dot;
                    www.* www; ~^re regex;
                }
                """,
            server: "root {root}/$map_host;", bare: true,
            files: [
                "none/f": "none", "exact/f": "exact", "below/f": "below", "dot/f": "dot",
                "www/f": "www", "regex/f": "regex",
            ],
            .get("/f", ["Host: EXAMPLE.com."], expect: 200, "exact"),
            .get("/f", ["Host: a.b.example.com"], expect: 200, "below"),
            .get("/f", ["Host: dotted.org"], expect: 200, "dot"),
            .get("/f", ["Host: a.dotted.org"], expect: 200, "dot"),
            .get("/f", ["Host: www.anything.net"], expect: 200, "www"),
            .get("/f", ["Host: re.net"], expect: 200, "regex"),
            .get("/f", ["Host: nobody"], expect: 200, "none"))
        DirectiveCase(
            "map: rows from another file",
            declares: "map $arg_v $map_included { include {dir}/root/rows.*; c three; }",
            server: "root {root}/$map_included;", bare: true,
            files: [
                "rows.map": "a one;\nb two;\ndefault none;\n", "one/f": "1", "two/f": "2",
                "three/f": "3", "none/f": "0",
            ],
            .get("/f?v=b", expect: 200, "2"), .get("/f?v=c", expect: 200, "3"),
            .get("/f?v=d", expect: 200, "0"))
        DirectiveCase(
            "map: a map that refers to itself has no value, and is logged",
            declares: """
                map $arg_v $map_circle { default "a$map_around"; }
                map $arg_v $map_around { default "b$map_circle"; }
                """,
            server: "root {root}; index $map_circle f;", bare: true, files: ["f": "file"],
            .get("/", expect: 200, "file", .errorLog("cycle while evaluating variable")))
        DirectiveCase(
            "map: an expression that takes too long uses the default",
            declares: "map $arg_v $map_limit { default none; ~^(a+)+$ some; }",
            server: "root {root}/$map_limit;", bare: true,
            files: ["none/f": "none", "some/f": "some"],
            .get("/f?v=aaa", expect: 200, "some"),
            .get(
                "/f?v=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
                expect: 200, "none"))
        DirectiveCase(
            "map, map_hash_max_size, map_hash_bucket_size: volatile, and sizes",
            http: "map_hash_max_size 4096; map_hash_bucket_size 128;",
            declares: "map $uri $map_volatile { volatile; default none; ~f$ f; }",
            server: "location / { root {root}/$map_volatile; index $map_volatile; }",
            files: ["f/f": "f", "none/none": "none"],
            .get("/f", expect: 200, "f"))
        DirectiveCase(
            "map: evaluated once per request, or each time",
            declares: """
                map $map_key $map_once { ~^(.)$ "once-$1"; }
                map $map_key $map_anew { volatile; ~^(.)$ "anew-$1"; }
                """,
            server: """
                set $map_key 1; set $map_first "$map_once $map_anew"; set $map_key 2;
                return 200 "$map_first, $map_once $map_anew";
                """,
            .get("/", expect: 200, "once-1 anew-1, once-1 anew-2"))
        DirectiveCase(
            "map: a variable that set and if change",
            declares: "map $arg_v $map_set { default mapped; }",
            server: """
                location /kept { return 200 $map_set; }
                location /set { set $map_set own; return 200 $map_set; }
                location /if { if ($map_set = mapped) { return 200 yes; } return 200 no; }
                location /named {
                    if ($arg_v ~ ^(?<map_group>\\w+)-) { return 200 $map_group; }
                    return 200 none;
                }
                """,
            .get("/kept", expect: 200, "mapped"), .get("/set", expect: 200, "own"),
            .get("/if", expect: 200, "yes"), .get("/named?v=a-b", expect: 200, "a"),
            .get("/named", expect: 200, "none"))
        for (name, rows, message) in refused {
            DirectiveCase(
                "map: \(name)", http: "map $uri $x { \(rows) }", refuses: message)
        }
        DirectiveCase(
            "map: a built-in variable", http: "map $uri $host { a b; }",
            refuses: "the duplicate \"host\" variable")
        DirectiveCase(
            "map: a name without $", http: "map $uri x { a b; }",
            refuses: "invalid variable name \"x\"")
        DirectiveCase(
            "map: an unknown variable", http: "map $nobody $x { a b; }",
            refuses: "unknown \"nobody\" variable")
    }

    private static let refused = [
        ("a string twice", "a 1; A 2;", "conflicting parameter \"a\""),
        (
            "a wildcard that is none", "hostnames; a.*.b 1;",
            "invalid hostname or wildcard \"a.*.b\""
        ),
        ("two defaults", "default 1; default 2;", "duplicate default map parameter"),
        ("too many words", "a b c;", "invalid number of the map parameters"),
        ("a word alone", "a;", "invalid number of the map parameters"),
        ("a result of nobody", "a $nobody;", "unknown \"nobody\" variable"),
    ]
}
