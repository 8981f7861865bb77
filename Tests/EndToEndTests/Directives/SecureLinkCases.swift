extension DirectiveGroup {
    /// Links that only the site can create. The hashes are those of md5sum.
    static let secureLink = DirectiveGroup("secure_link") {
        DirectiveCase(
            "secure_link, secure_link_md5: hash and time in arguments",
            server: """
                location /s/ {
                    secure_link $arg_md5,$arg_expires;
                    secure_link_md5 "$secure_link_expires$uri secret";
                    return 200 "[$secure_link][$secure_link_expires]";
                }
                """,
            .get(
                "/s/a?md5=03jTWiOh7V6ue4kWpTF3Jw&expires=4102444800", expect: 200, "[1][4102444800]"
            ),
            .get(
                "/s/a?md5=03jTWiOh7V6ue4kWpTF3Jw==&expires=4102444800", expect: 200,
                "[1][4102444800]"),
            .get(
                "/s/a?md5=Vvbk6y2-7jYcL6eTs4ASog&expires=1000000000", expect: 200, "[0][1000000000]"
            ),
            .get("/s/b?md5=03jTWiOh7V6ue4kWpTF3Jw&expires=4102444800", expect: 200),
            .get("/s/a?md5=x&expires=1", expect: 200), .get("/s/a", expect: 200, "[][]"),
            .get("/s/a?md5=ZSuYLOh7j_HcJMiX40K8Mg&expires=", expect: 200, "[][]"),
            .get("/s/a?md5=ZSuYLOh7j_HcJMiX40K8Mg&expires=-1", expect: 200, "[][]"))
        DirectiveCase(
            "secure_link, secure_link_md5: without a time, with if",
            server: """
                location /s/ {
                    secure_link $arg_md5; secure_link_md5 "$uri secret";
                    if ($secure_link = "") { return 403; }
                    alias {root}/;
                }
                """,
            files: ["a": "A"],
            .get("/s/a?md5=ZSuYLOh7j_HcJMiX40K8Mg", expect: 200, "A"),
            .get("/s/a?md5=XX0qIda4Di6DFwUiCphV7w", expect: 403), .get("/s/a", expect: 403))
        DirectiveCase(
            "secure_link_secret: hash and link in the path",
            server: """
                secure_link_secret secret;
                location /p/ { return 200 "[$secure_link]"; }
                location /q/ { secure_link $arg_x; return 200 "[$secure_link]"; }
                """,
            .get("/p/5e814704a28d9bc1914ff19fa0c4a00a/link", expect: 200, "[link]"),
            .get("/p/5E814704A28D9BC1914FF19FA0C4A00A/link", expect: 200, "[link]"),
            .get(
                "/p/3693b01f97c2ba876d1d671248cda58f/link?x=1", expect: 200,
                "[link?x=1]"),
            .get("/p/5e814704a28d9bc1914ff19fa0c4a00a/other", expect: 200, "[]"),
            .get("/p/link", expect: 200, "[]"),
            .get("/q/5e814704a28d9bc1914ff19fa0c4a00a/link", expect: 200, "[]"))
        DirectiveCase(
            "secure_link_secret, secure_link: not both",
            server: "secure_link $arg_a; secure_link_secret x;",
            refuses: "\"secure_link_secret\" cannot be mixed with \"secure_link\" and "
                + "\"secure_link_md5\"")
        DirectiveCase(
            "secure_link_md5: twice", server: "secure_link_md5 a; secure_link_md5 b;",
            refuses: "\"secure_link_md5\" directive is duplicate")
    }
}
