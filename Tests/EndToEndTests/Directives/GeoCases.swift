extension DirectiveGroup {
    /// geo: variables that depend on an address.
    static let geos = DirectiveGroup("geos") {
        DirectiveCase(
            "geo: the longest matching prefix of an address in a variable",
            declares: """
                geo $arg_a $geo_cidr {
                    default none; 10.0.0.0/8 ten; 10.1.0.0/16 inner; 10.1.2.3 one;
                    2001:db8::/32 doc; ::1 loop; 10.9.0.0/16 gone; delete 10.9.0.0/16;
                    255.255.255.255 last;
                }
                """,
            server: "root {root}/$geo_cidr;", bare: true,
            files: [
                "none/f": "none", "ten/f": "ten", "inner/f": "inner", "one/f": "one",
                "doc/f": "doc", "loop/f": "loop", "gone/f": "gone", "last/f": "last",
            ],
            .get("/f?a=10.200.0.1", expect: 200, "ten"),
            .get("/f?a=10.1.0.1", expect: 200, "inner"), .get("/f?a=10.1.2.3", expect: 200, "one"),
            .get("/f?a=11.0.0.0", expect: 200, "none"),
            .get("/f?a=2001:db8::7", expect: 200, "doc"), .get("/f?a=::1", expect: 200, "loop"),
            .get("/f?a=::ffff:10.1.2.3", expect: 200, "one"), .get("/f?a=::2", expect: 200, "none"),
            .get("/f?a=10.9.1.1", expect: 200, "ten"), .get("/f?a=no", expect: 200, "last"),
            .get("/f", expect: 200, "last"))
        DirectiveCase(
            "geo: ranges",
            declares: """
                geo $arg_a $geo_range {
                    ranges; default none; 10.0.0.0-10.2.255.255 wide; 10.1.0.16-10.1.0.32 inner;
                    10.1.0.20-10.1.0.20 one; 11.0.0.0-11.0.0.255 gone; delete 11.0.0.0-11.0.0.255;
                }
                """,
            server: "root {root}/$geo_range;", bare: true,
            files: [
                "none/f": "none", "wide/f": "wide", "inner/f": "inner", "one/f": "one",
                "gone/f": "gone",
            ],
            .get("/f?a=10.0.0.0", expect: 200, "wide"), .get("/f?a=10.1.0.15", expect: 200, "wide"),
            .get("/f?a=10.1.0.16", expect: 200, "inner"),
            .get("/f?a=10.1.0.20", expect: 200, "one"),
            .get("/f?a=10.1.0.32", expect: 200, "inner"),
            .get("/f?a=10.1.0.33", expect: 200, "wide"),
            .get("/f?a=10.2.255.255", expect: 200, "wide"),
            .get("/f?a=10.3.0.0", expect: 200, "none"),
            .get("/f?a=11.0.0.1", expect: 200, "none"), .get("/f?a=::1", expect: 200, "none"))
        DirectiveCase(
            "geo: the client's address, and those of proxies",
            declares: """
                geo $geo_plain { default none; 127.0.0.0/8 local; 192.0.2.0/24 far; }
                geo $geo_proxied {
                    default none; 127.0.0.0/8 local; 192.0.2.0/24 far; proxy 127.0.0.1;
                }
                geo $geo_recursive {
                    default none; 127.0.0.0/8 local; 192.0.2.0/24 far; 10.0.0.0/8 near;
                    proxy 127.0.0.1; proxy 10.0.0.0/8; proxy_recursive;
                }
                """,
            server: "root {root}/$geo_plain/$geo_proxied/$geo_recursive;", bare: true,
            files: [
                "local/local/local/f": "alone", "local/far/far/f": "one",
                "local/none/far/f": "two", "local/none/near/f": "near",
            ],
            .get("/f", expect: 200, "alone"),
            .get("/f", ["X-Forwarded-For: 192.0.2.1"], expect: 200, "one"),
            .get("/f", ["X-Forwarded-For: 192.0.2.1, 10.0.0.1"], expect: 200, "two"),
            .get(
                "/f", ["X-Forwarded-For: 192.0.2.1", "X-Forwarded-For: 10.0.0.1:80"], expect: 200,
                "two", nginx: .since("1.23.0")),
            .get("/f", ["X-Forwarded-For: unknown, 10.0.0.1"], expect: 200, "near"))
        DirectiveCase(
            "geo: without a default, the value is empty",
            declares: "geo $arg_a $geo_empty { 10.0.0.0/8 ten; include {dir}/root/a.geo; }",
            server: "root {root}/$geo_empty;", bare: true,
            files: [
                "ten/f": "ten", "f": "nothing", "a.geo": "11.0.0.0/8 eleven;", "eleven/f": "11",
            ],
            .get("/f?a=10.0.0.1", expect: 200, "ten"), .get("/f?a=9.0.0.1", expect: 200, "nothing"),
            .get("/f?a=11.0.0.1", expect: 200, "11"), .get("/f?a=::", expect: 200, "nothing"))
        DirectiveCase(
            "geo: evaluated once per request, or each time",
            declares: """
                geo $geo_key $geo_once { default none; 10.0.0.0/8 ten; }
                geo $geo_key $geo_anew { volatile; default none; 10.0.0.0/8 ten; }
                """,
            server: """
                set $geo_key 10.0.0.1; set $geo_first "$geo_once $geo_anew"; set $geo_key 11.0.0.1;
                return 200 "$geo_first, $geo_once $geo_anew";
                """,
            nginx: .since("1.29.3"), .get("/", expect: 200, "ten ten, ten none"))
        for (name, rows, message) in refused {
            DirectiveCase(
                "geo: \(name)", http: "geo $x { \(rows) }", refuses: message)
        }
        DirectiveCase(
            "geo: a name without $", http: "geo x { }", refuses: "invalid variable name \"x\"")
    }

    private static let refused = [
        ("no network", "10.0.0.0/33 a;", "invalid network \"10.0.0.0/33\""),
        ("no address", "nobody a;", "invalid network \"nobody\""),
        ("no proxy", "proxy nobody;", "invalid network \"nobody\""),
        ("no range", "ranges; 10.0.0.0/8 a;", "invalid range \"10.0.0.0/8\""),
        ("a range backwards", "ranges; 2.0.0.0-1.0.0.0 a;", "invalid range \"2.0.0.0-1.0.0.0\""),
        (
            "ranges that overlap", "ranges; 1.0.0.0-1.0.0.9 a; 1.0.0.5-1.0.0.20 b;",
            "range \"1.0.0.5-1.0.0.20\" overlaps \"1.0.0.0-1.0.0.9\""
        ),
        (
            "ranges too late", "default a; ranges;",
            "the \"ranges\" directive must be the first directive inside \"geo\" block"
        ),
        ("too many words", "1.0.0.0/8 a b;", "invalid number of the geo parameters"),
        ("a word alone", "hostnames;", "invalid number of the geo parameters"),
    ]
}
