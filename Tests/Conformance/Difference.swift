/// An entry of the closed list of differences between apus and nginx. Any other difference is a bug
/// of apus. The page of differences is generated from it, and cases refer to it.
public struct Difference: Sendable {
    /// The name that cases use.
    public enum Name: String, Sendable, CaseIterable {
        case allowOn405, headIgnoresRange, lastModifiedInTheFuture, ifUnmodifiedSinceBesideIfMatch
        case ifUnmodifiedSinceInvalid, ifModifiedSinceBesideIfNoneMatch, connectionTokens
        case varyOnNotModified, tagOnNotModified, tabsAreWhiteSpace, returnReturnLineFeed
        case longTag, fieldsOnNotModified
        case emptyHostInRedirect, fieldsBesideErrorPage
        case methodOfIfNoneMatch, keepaliveOfServer, statusOfErrorPage
        case chunkLines, hostSyntax, outOfRoot, controlsInFields
        case fragment, spaces, version, simpleRequest, bareLineFeed, lineWithoutColon
        case invalidNames, controlBytes, tooLargeFields, unknownMethod, options, acceptEncoding
        case emptyMembers, invalidRange, listsOverLines, chunkGrammar
        case gzipFromMemory
        case ifUnmodifiedSinceWithoutTime, weakIfRange, timesBefore1970, lineFeedInField
        case pidInForeground, damagedSidecar
        case connectMethod, proxyAuthentication, valuesOfInvalidPath, lengthWithBody
        case tryFilesStatus, aliasToFile, unknownVariables, errorPageCode
    }

    /// The reason for a difference.
    public enum Kind: String, Sendable, CaseIterable {
        case breaksMust = "nginx breaks a MUST, and no configuration can depend on it"
        case isMore = "apus sends additional information about the same content"
        case records = "apus logs what was sent"
        case dangerous = "What nginx accepts is dangerous"
        case carriesOn = "apus continues where nginx does not"
        case strict = "Only with `strict_requests on`"
    }

    /// The name that cases use.
    public let name: Name
    /// The reason for the difference.
    public let kind: Kind
    /// The rule, as in "9110 15.5.6"; if no RFC applies, the directive.
    public let section: String
    /// The behaviour of nginx.
    public let nginx: String
    /// The behaviour of apus.
    public let apus: String
    /// The reason why no case with a static site can show it; nil if cases do.
    public let shownElsewhere: String?

    init(
        _ name: Name, _ kind: Kind, _ section: String, nginx: String, apus: String,
        shownElsewhere: String? = nil
    ) {
        self.name = name
        self.kind = kind
        self.section = section
        self.nginx = nginx
        self.apus = apus
        self.shownElsewhere = shownElsewhere
    }

    /// The whole list.
    public static let all: [Difference] =
        breakingMust + sayingMore + records + dangerous + carryingOn + strict

    private static let breakingMust: [Difference] = [
        Difference(
            .allowOn405, .breaksMust, "9110 15.5.6",
            nginx: "405 without `Allow`", apus: "405 with `Allow`"),
        Difference(
            .headIgnoresRange, .breaksMust, "9110 14.2",
            nginx: "`HEAD` with `Range` is 206 or 416", apus: "`HEAD` ignores `Range`"),
        Difference(
            .lastModifiedInTheFuture, .breaksMust, "9110 8.8.2.1",
            nginx: "`Last-Modified` may be later than `Date`",
            apus: "`Last-Modified` is at most `Date`"),
        Difference(
            .ifUnmodifiedSinceBesideIfMatch, .breaksMust, "9110 13.1.4",
            nginx: "`If-Unmodified-Since` is evaluated in addition to `If-Match`",
            apus: "it is ignored"),
        Difference(
            .ifUnmodifiedSinceInvalid, .breaksMust, "9110 13.1.4",
            nginx: "`If-Unmodified-Since` with an invalid date is 412", apus: "it is ignored"),
        Difference(
            .ifUnmodifiedSinceWithoutTime, .breaksMust, "9110 13.1.4",
            nginx: "`If-Unmodified-Since` is 412 for a response without a modification time: a "
                + "listing, `return 200`, `stub_status`",
            apus: "it is ignored",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .weakIfRange, .breaksMust, "9110 13.1.5",
            nginx: "a weak `ETag` of `add_header` in `If-Range` permits a range",
            apus: "the whole file is sent",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .timesBefore1970, .breaksMust, "9110 8.8.2.1",
            nginx: "a time before 1970 is sent as 1 January 1970 in `Last-Modified`, `Expires` and "
                + "listings, and the last second of 1969 not at all",
            apus: "the actual time is sent"),
        Difference(
            .ifModifiedSinceBesideIfNoneMatch, .breaksMust, "9110 13.1.3",
            nginx: "`If-Modified-Since` is evaluated in addition to `If-None-Match`",
            apus: "it is ignored"),
        Difference(
            .connectionTokens, .breaksMust, "9110 7.6.1",
            nginx: "`Connection` is searched for `close` and `keep-alive` anywhere",
            apus: "`Connection` is a list of tokens: `close-not` is not `close`, and "
                + "`TE,,Keep-Alive` is valid"),
        Difference(
            .varyOnNotModified, .breaksMust, "9110 15.4.5",
            nginx: "304 without the `Vary` of the 200", apus: "304 with it"),
        Difference(
            .fieldsOnNotModified, .breaksMust, "9110 15.4.5",
            nginx: "304 with other values than the 200 in headers of `add_header` and `expires` "
                + "that depend on `$sent_http_content_type`: a 304 has no `Content-Type`",
            apus: "304 with the same values",
            shownElsewhere: "It needs such headers: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .tagOnNotModified, .breaksMust, "9110 15.4.5",
            nginx: "304 with another `ETag` than the 200", apus: "304 with the same `ETag`"),
        Difference(
            .tabsAreWhiteSpace, .breaksMust, "9110 5.6.3",
            nginx: "tabs around a value are part of it", apus: "tabs are trimmed like spaces"),
        Difference(
            .returnReturnLineFeed, .breaksMust, "9112 2.2",
            nginx: "CR CR LF ends a line", apus: "400"),
        Difference(
            .longTag, .breaksMust, "9110 8.8.1",
            nginx: "two versions of the same size within one second have the same `ETag`",
            apus:
                "a file changed within the last two seconds, or with the fixed time 0 or 1, has a "
                + "longer `ETag` that contains its change time"),
        Difference(
            .emptyHostInRedirect, .breaksMust, "9110 4.2.1",
            nginx: "with `server_name_in_redirect` and no name, `Location` has no host",
            apus: "`Location` has the request's host",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .fieldsBesideErrorPage, .breaksMust, "9110 5.3",
            nginx: "an error page also has headers of the response that it replaces: a second "
                + "`ETag`, `Content-Range`, `Location`",
            apus: "only its own",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .methodOfIfNoneMatch, .breaksMust, "9110 13.1.2",
            nginx: "`return 200` to a `POST` whose `If-None-Match` matches is 304",
            apus: "412, as for all methods except `GET` and `HEAD`",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .keepaliveOfServer, .breaksMust, "9112 9.6",
            nginx:
                "`keepalive_timeout 0`, `keepalive_requests` and `keepalive_time` have no effect "
                + "on responses of a `return` or `rewrite` in a server",
            apus: "they have an effect: `Connection: close`, and the connection is closed",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
    ]

    private static let sayingMore = [
        Difference(
            .gzipFromMemory, .isMore, "9110 8.6",
            nginx: "a file is compressed for each response, in chunks, and `HEAD` has no length",
            apus: "it is compressed once; afterwards `GET` and `HEAD` have `Content-Length`",
            shownElsewhere: "It needs a directive and time: Tests/EndToEndTests/GzipCacheTests "
                + "have a case."),
        Difference(
            .proxyAuthentication, .isMore, "`return`",
            nginx: "407 has neither a reason phrase nor a page", apus: "it has both",
            shownElsewhere: "It needs a configuration that sends it."),
    ]

    private static let records = [
        Difference(
            .statusOfErrorPage, .records, "9110 15",
            nginx: "with `error_page 404 =200 /page`, `$status` is 200 even if a 206 or 304 was "
                + "sent",
            apus: "`$status` is the status that was sent",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .valuesOfInvalidPath, .records, "`log_format`",
            nginx: "`$request_uri`, `$host` and headers of a request with an invalid path are not "
                + "logged, and `$request_length` is that of its first line",
            apus: "they are logged as received",
            shownElsewhere: "It shows in the access log."),
        Difference(
            .lengthWithBody, .records, "`log_format`",
            nginx: "`$request_length` does not include a body that is not read",
            apus: "it includes the bytes of the body that arrived together with the header",
            shownElsewhere: "It shows in the access log."),
    ]

    private static let dangerous: [Difference] = [
        Difference(
            .chunkLines, .dangerous, "9112 7.1",
            nginx:
                "LF alone ends the lines of a chunked body, and sizes have any number of digits",
            apus: "lines of a chunked body end in CR LF, sizes have at most 16 digits, and "
                + "extensions and trailers are limited in size"),
        Difference(
            .hostSyntax, .dangerous, "9112 3.2",
            nginx: "a host may contain bytes that are invalid in host names, and any port",
            apus: "400"),
        Difference(
            .outOfRoot, .dangerous, "9110 17.3",
            nginx: "a path with `..` from a rewrite, a variable, an `index` or an `alias` without "
                + "its slash leads out of the root",
            apus: "403", shownElsewhere: "It needs a configuration that does so."),
        Difference(
            .controlsInFields, .dangerous, "9110 5.5",
            nginx: "CR and LF from variables end a header, other control characters are sent",
            apus: "control characters are percent-encoded in `Location`; in other headers they "
                + "become spaces or are removed",
            shownElsewhere: "It needs a configuration that does so."),
        Difference(
            .lineFeedInField, .dangerous, "9110 5.5",
            nginx: "a line end in the value of `add_header` or `add_trailer` is sent, and ends the "
                + "header",
            apus: "a space is sent instead",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .errorPageCode, .dangerous, "`error_page`",
            nginx: "a code above 999 after `=` is accepted, and makes the status line invalid",
            apus: "such a code is an error in the configuration",
            shownElsewhere: "It shows when a configuration is loaded."),
    ]

    private static let carryingOn: [Difference] = [
        Difference(
            .pidInForeground, .carriesOn, "`pid`",
            nginx: "a server does not start if its `pid` file cannot be written",
            apus: "with `daemon off` it starts with a warning: only `-s` needs the file, and a "
                + "container may have no writable directory",
            shownElsewhere: "Tests/EndToEndTests/FirstProcessTests have a case."),
        Difference(
            .damagedSidecar, .carriesOn, "`gunzip`",
            nginx: "if the file of `gzip_static` is damaged at its beginning, the connection is "
                + "closed without a response",
            apus:
                "the header is sent and the body is not completed: the chunks have no end, or the "
                + "connection is reset",
            shownElsewhere: "Tests/EndToEndTests/DamagedSidecarTests have a case."),
        Difference(
            .tryFilesStatus, .carriesOn, "`try_files`",
            nginx: "with `=200` or another code below 300, except 201 and 204, no response is sent",
            apus: "an empty response with the code is sent",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .aliasToFile, .carriesOn, "`alias`",
            nginx: "an `alias` to a file is 500 for a path that ends in a slash", apus: "403",
            shownElsewhere: "It needs a directive: Tests/EndToEndTests/Directives has a case."),
        Difference(
            .unknownVariables, .carriesOn, "`proxy_set_header`",
            nginx: "unknown variables in directives of proxy modules are an error",
            apus: "the directives are ignored, including their variables",
            shownElsewhere: "It shows when a configuration is loaded."),
        Difference(
            .connectMethod, .carriesOn, "9110 9.3.6",
            nginx: "the target of `CONNECT` is a path, and `host:port` cannot be parsed: 400",
            apus: "`CONNECT host:port` is 405, and a path is 400",
            shownElsewhere: "The statuses of both are errors: RequestParserTests have a case."),
    ]

    private static let strict: [Difference] = [
        Difference(
            .fragment, .strict, "9112 3.2", nginx: "`#` in the target ends it", apus: "400"),
        Difference(
            .spaces, .strict, "9112 3", nginx: "several spaces in the request line are accepted",
            apus: "400"),
        Difference(
            .version, .strict, "9112 2.3", nginx: "`HTTP/1.10` is a version", apus: "400"),
        Difference(
            .simpleRequest, .strict, "9112 2.3", nginx: "HTTP/0.9 gets a response", apus: "400"),
        Difference(
            .bareLineFeed, .strict, "9112 2.2", nginx: "LF alone ends a line", apus: "400"),
        Difference(
            .lineWithoutColon, .strict, "9112 5", nginx: "a line without a colon is ignored",
            apus: "400"),
        Difference(
            .invalidNames, .strict, "9110 5.1",
            nginx: "a header whose name is not a token is ignored (`ignore_invalid_headers`)",
            apus: "400"),
        Difference(
            .controlBytes, .strict, "9110 5.5",
            nginx: "values may contain control characters", apus: "400"),
        Difference(
            .tooLargeFields, .strict, "9110 5.4", nginx: "400 for headers that are too large",
            apus: "431"),
        Difference(
            .unknownMethod, .strict, "9110 9.1",
            nginx: "405 (400 in lower case) for an unknown method", apus: "501"),
        Difference(
            .options, .strict, "9110 9.3.7", nginx: "405 for `OPTIONS`",
            apus: "204 with `Allow`"),
        Difference(
            .acceptEncoding, .strict, "9110 12.5.3",
            nginx: "`*`, `x-gzip` and the weight of `identity` in `Accept-Encoding` have no effect",
            apus: "`*` stands for codings that are not named, `x-gzip` for `gzip`, and an "
                + "`identity` with more weight is preferred"),
        Difference(
            .emptyMembers, .strict, "9110 5.6.1.2",
            nginx: "a `Range` with an empty member is 416", apus: "empty members are ignored"),
        Difference(
            .invalidRange, .strict, "9110 14.1.1",
            nginx: "in a `Range`, an invalid member `5-2` is ignored, `5 - 7` is accepted, and any "
                + "other is 416",
            apus: "a `Range` with an invalid member is ignored as a whole; positions may have any "
                + "number of digits"),
        Difference(
            .listsOverLines, .strict, "9110 5.3",
            nginx: "several lines of `If-Match`, `If-None-Match` or `Expect` are 400; of "
                + "`Accept-Encoding` and `Range` the first is used",
            apus: "the lines are one list; several lines of `Range` are ignored"),
        Difference(
            .chunkGrammar, .strict, "9112 7.1",
            nginx: "chunk extensions and trailers are not checked",
            apus: "400 for a trailer without a colon, with an invalid name or with control "
                + "characters, and for an invalid extension"),
    ]

    /// Returns the page of differences.
    public static func page() -> String {
        var text = """
            <!-- Made by `make conformance-docs` from Tests/Conformance/Difference.swift. -->
            # Differences from nginx

            With a configuration file, apus gives nginx's responses, including reason phrases. This
            is the list of exceptions. Any other difference is a bug of apus, except the values of
            `Server` and `Date` and the look of built-in pages. Each entry is tested.

            """
        for kind in Kind.allCases {
            text += "\n## \(kind.rawValue)\n\n| rule | nginx | apus |\n|---|---|---|\n"
            for one in all where one.kind == kind {
                let isDirective = one.section.hasPrefix("`")
                let rule =
                    isDirective
                    ? one.section : "RFC " + one.section.replacingOccurrences(" ", ", ")
                text += "| \(rule) | \(one.nginx) | \(one.apus) |\n"
            }
        }
        return text
    }
}
