extension DirectiveGroup {
    /// Unknown variables are an error in every directive that accepts variables, whether it has an
    /// effect there or not.
    static let unknownVariables = DirectiveGroup("unknown variables") {
        for (directive, text) in withoutEffect {
            DirectiveCase(
                "\(directive): an unknown variable in \(text)", server: text,
                refuses: "unknown \"nope\" variable")
        }
        for (directive, text, inner) in replaced {
            DirectiveCase(
                "\(directive): an unknown variable in \(text), in an unused block",
                http: text, server: inner, refuses: "unknown \"nope\" variable")
        }
        DirectiveCase(
            "log_format: prefixes of variables with an empty name",
            declares: "log_format of_prefixes '[$arg_][$http_][$cookie_][$sent_http_]';",
            server: """
                access_log {dir}/prefixes.log of_prefixes;
                return 200 "[$arg_][$http_][$cookie_][$sent_http_][$sent_trailer_]";
                """,
            .get(
                "/?=a&b=c", ["Cookie: =q; a=b"], expect: 200, "[][][q][][]",
                .logs("prefixes.log", "[-][-][q][-]")),
            .get("/", expect: 200, "[][][][][]"))
    }

    private static let withoutEffect = [
        ("auth_basic", "auth_basic $nope;"),
        ("auth_basic_user_file", "auth_basic_user_file $nope;"),
        ("auth_basic", "auth_basic off; auth_basic_user_file $nope;"),
        ("secure_link", "secure_link $nope;"), ("secure_link_md5", "secure_link_md5 $nope;"),
        ("limit_rate", "limit_rate $nope;"), ("limit_rate_after", "limit_rate_after $nope;"),
        ("disable_symlinks", "disable_symlinks on from=$nope;"),
        ("charset", "charset $nope;"), ("source_charset", "source_charset $nope;"),
        ("expires", "expires $nope;"), ("index", "index a $nope;"),
        ("error_page", "error_page 404 $nope; location / { error_page 404 /x; }"),
        ("access_log", "access_log {dir}/x$nope;"),
        ("access_log", "access_log {dir}/x combined if=$nope;"),
        ("access_log", "access_log off; access_log {dir}/x combined if=$nope;"),
        ("try_files", "try_files $nope =404;"), ("set", "set $a $nope;"),
        ("if", "if ($nope) { }"), ("rewrite", "rewrite ^ $nope;"),
        ("return", "return 200 $nope;"),
    ]

    private static let replaced = [
        ("root", "root $nope;", ""), ("index", "index $nope;", "index a;"),
        ("error_page", "error_page 404 $nope;", "error_page 404 /x;"),
        ("add_header", "add_header X $nope;", "add_header Y z;"),
        ("add_trailer", "add_trailer X $nope;", "add_trailer Y z;"),
        ("expires", "expires $nope;", "expires 1h;"),
        ("charset", "charset $nope;", "charset utf-8;"),
        ("limit_rate", "limit_rate $nope;", "limit_rate 0;"),
        ("limit_rate_after", "limit_rate_after $nope;", "limit_rate_after 0;"),
        ("auth_basic", "auth_basic $nope;", "auth_basic off;"),
        ("secure_link", "secure_link $nope;", "secure_link a;"),
        ("disable_symlinks", "disable_symlinks on from=$nope;", "disable_symlinks off;"),
        ("access_log", "access_log /dev/null combined if=$nope;", "access_log off;"),
    ]
}
