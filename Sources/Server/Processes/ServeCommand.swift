import Linux

/// The options of `apus serve`.
public struct ServeOptions: Equatable, Sendable {
    /// The directory to serve, as written.
    public var directory = "."
    /// The address to listen on: this machine only, by default.
    public var address = ListenAddress.ipv4(0x7F00_0001, port: 8000)
    /// The additional names that are accepted as Host, in lower case.
    public var hosts: [String] = []
    /// `--help`.
    public var showsUsage = false

    /// Creates the defaults.
    public init() {}

    /// Parses a command line; `arguments` begin with `serve`.
    public static func parse(_ arguments: [String]) throws(CommandLineError) -> ServeOptions {
        var options = ServeOptions()
        var port: UInt16?
        var listen: String?
        var directories: [String] = []
        for word in OptionReader.words(arguments, .serve) {
            switch word {
            case .unknown("?"), .option("h", _): options.showsUsage = true
            case .option("p", let text): port = try parsePort(text ?? "")
            case .option("n", let text): options.hosts.append(try parseHost(text ?? ""))
            case .option(_, let text): listen = text
            case .operand(let name): directories.append(name)
            case .unknown(let name): throw .invalid(name)
            case .missingArgument("p"): throw .unusable("option \"--port\" requires a number")
            case .missingArgument("n"): throw .unusable("option \"--host\" requires a name")
            case .missingArgument: throw .unusable("option \"--listen\" requires an address")
            }
        }
        if directories.count > 1 {
            throw .unusable("one directory can be served, not \(directories.count)")
        }
        if let directory = directories.first { options.directory = directory }
        options.address = try address(listen: listen ?? "127.0.0.1", port: port)
        return options
    }

    private static func parsePort(_ text: String) throws(CommandLineError) -> UInt16 {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let port = UInt16(text), port > 0
        else { throw .unusable("--port \(text): a port is a number from 1 to 65535") }
        return port
    }

    /// Parses the argument of `--host`: a name or an address as a browser sends it, without a port.
    private static func parseHost(_ text: String) throws(CommandLineError) -> String {
        if LiteralAddress.ipv6(text) != nil { return "[\(text.lowercased())]" }
        if text.hasPrefix("["), text.hasSuffix("]"),
            LiteralAddress.ipv6(String(text.dropFirst().dropLast())) != nil
        {
            return text.lowercased()
        }
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                true
            default: false
            }
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard isName, labels.allSatisfy({ !$0.isEmpty }) else {
            throw .unusable("--host \(text): \(hostAdvice(text))")
        }
        return name.lowercased()
    }

    private static func hostAdvice(_ text: String) -> String {
        if text.contains("/") { return "write the name alone, without scheme and path" }
        if text.contains(":") { return "write the name alone: any port is accepted" }
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            return "write an international name as browsers send it, beginning with xn--"
        }
        return "a name has letters, digits, hyphens and dots, as in build.example.com"
    }

    /// Parses the address of `--listen`. Its port is that of `--port`, or 8000, unless it has one.
    private static func address(
        listen: String, port: UInt16?
    ) throws(CommandLineError) -> ListenAddress {
        let named = try parseAddress(listen)
        if case .unix = named {
            guard port == nil else { throw .unusable("--port: a unix socket has no port") }
            return named
        }
        // With a port appended, an address that has one already is invalid.
        let isWithoutPort =
            !listen.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
            && (try? ListenAddress.parse(listen + ":1")) != nil
        if isWithoutPort { return named.withPort(port ?? 8000) }
        if let port, named != named.withPort(port) {
            throw .unusable("--port \(port): --listen \(listen) names another port")
        }
        return named
    }

    private static func parseAddress(_ text: String) throws(CommandLineError) -> ListenAddress {
        do throws(ListenAddressError) {
            return try ListenAddress.parse(text)
        } catch {
            throw .unusable("--listen \(text): \(error.explanation)")
        }
    }
}

extension ListenAddress {
    /// Returns the same address with another port.
    func withPort(_ port: UInt16) -> ListenAddress {
        switch self {
        case .ipv4(let address, _): .ipv4(address, port: port)
        case .ipv6(let high, let low, _): .ipv6(high, low, port: port)
        case .unix: self
        }
    }

    /// True for addresses that only this machine can reach: 127.0.0.0/8 and ::1.
    var isLoopback: Bool {
        switch self {
        case .ipv4(let address, _): address >> 24 == 127
        case .ipv6(let high, let low, _):
            high == 0 && (low == 1 || low >> 24 == 0x0000_FFFF_7F)
        case .unix: false
        }
    }

    /// The URL for a browser.
    public var location: String {
        if case .unix = self { return description }
        return "http://\(self)/"
    }
}

/// The directory of `apus serve`, by a name that is resolved for each request: if it is a symbolic
/// link that is switched to a new release, the new release is served.
public struct ServedDirectory {
    /// The absolute path in the configuration.
    public let root: String
    /// The path for messages.
    public let name: String

    /// Resolves the directory `operand`. Throws SystemError if it does not exist, is no directory,
    /// or may not be searched.
    public init(_ operand: String) throws(SystemError) {
        let found = withCPath(Array("\(operand)/.".utf8)) { fileStatus(of: $0) }
        if case .failure(let error) = found { throw SystemError("stat()", code: error.code) }
        let segments = operand.split(separator: "/").filter { $0 != "." }
        var kept = segments[...]
        var base = operand.hasPrefix("/") ? [] : try currentDirectory()
        // `..` of a directory reached through a link is not the directory that contains the link.
        if let last = segments.lastIndex(of: "..") {
            kept = segments[segments.index(after: last)...]
            let prefix = segments[...last].joined(separator: "/")
            switch withCPath(base + Array("/\(prefix)".utf8), { realPath($0) }) {
            case .success(let real): base = real
            case .failure(let error): throw SystemError("realpath()", code: error.code)
            }
        }
        if base == [UInt8(ascii: "/")] { base = [] }
        let rest = kept.map { "/\($0)" }.joined()
        let text = String(decoding: base, as: UTF8.self)
        name = text.isEmpty && rest.isEmpty ? "/" : text + rest
        if Array(text.utf8) == base {
            root = name
        } else {
            // The configuration cannot express bytes that are not UTF-8.
            let start = operand.hasPrefix("/") ? "" : "/proc/self/cwd"
            root = start + segments.map { "/\($0)" }.joined()
        }
    }
}

/// The configuration of `apus serve`, as a user would write it.
public enum ServeText {
    /// Returns the text. `root` is an absolute path; on a loopback address, only the names of this
    /// machine and `hosts` are accepted as Host.
    public static func configuration(
        root: String, address: ListenAddress, hosts: [String], workers: Int
    ) -> String {
        """
        # What "apus serve" runs: a server for one directory, as this file would configure it.
        daemon off;
        worker_processes \(workers);
        error_log stderr;

        events {}

        http {
            types {
        \(typeLines)
            }
            default_type application/octet-stream;
            strict_requests on;

            log_format readable '$time_local $status $body_bytes_sent $request';
            access_log /dev/stdout readable;

            sendfile on;
            tcp_nopush on;
            gzip on;
            gzip_vary on;
            gzip_types \(compressed);

            # The client may know the port by another number: behind a tunnel, for example.
            absolute_redirect off;
        \(root.contains("$") ? dollar : "")\(address.isLoopback ? refusal(address) : "")
            server {
                listen \(quoted(address.description));
        \(address.isLoopback ? names(hosts) : "")        root \(quoted(escaped(root)));
                index index.html index.htm;
                autoindex on;
                hidden_files deny;
                symlinks beneath;
            }
        }

        """
    }

    /// Returns a server for all other names. A page of another site could make its own name resolve
    /// to this machine (DNS rebinding), and then read the files as its own.
    private static func refusal(_ address: ListenAddress) -> String {
        """

            server {
                listen \(quoted(address.description)) default_server;
                server_name _;
                default_type text/plain;
                return 421 \(explanation);
            }

        """
    }

    private static var explanation: String {
        """
        "This server accepts only the names localhost and *.localhost and loopback addresses,\\n\
        so that other web sites cannot read its files (DNS rebinding).\\n\
        To make it accept another name, start it with: apus serve --host NAME\\n"
        """
    }

    /// Returns the names of this machine, and the empty name, for HTTP/1.0 requests without Host.
    private static func names(_ hosts: [String]) -> String {
        let loopback = "~^127([.](25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$"
        let names = ["", "localhost", "*.localhost", loopback, "~^[[](0*:)+0*1[]]$"] + hosts
        return "        server_name \(names.map(quoted).joined(separator: " "));\n"
    }

    /// Returns the path with a variable in place of each `$`, which begins a variable and cannot be
    /// escaped.
    private static func escaped(_ root: String) -> String {
        root.split(separator: "$", omittingEmptySubsequences: false).joined(separator: "${dollar}")
    }

    private static let dollar = "\n    geo $dollar { default \"$\"; }\n"

    /// Quotes a text: the double quote and the backslash are escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// The types that are compressed.
    private static var compressed: String {
        """
        text/css text/javascript text/markdown text/plain text/xml application/json
                       application/manifest+json application/wasm application/xml image/svg+xml
        """
    }

    private static var typeLines: String {
        types.map { "        \($0.type) \($0.names);" }.joined(separator: "\n")
    }

    /// The types of files that users are likely to have.
    private static var types: [(type: String, names: String)] {
        [
            ("text/html", "html htm"), ("text/css", "css"), ("text/javascript", "js mjs"),
            ("text/plain", "txt log conf ini"), ("text/markdown", "md"), ("text/csv", "csv"),
            ("text/calendar", "ics"), ("text/vtt", "vtt"), ("text/xml", "xml"),
            ("application/json", "json map"), ("application/manifest+json", "webmanifest"),
            ("application/wasm", "wasm"), ("application/pdf", "pdf"), ("application/zip", "zip"),
            ("application/gzip", "gz tgz"), ("application/epub+zip", "epub"),
            ("application/rss+xml", "rss"), ("application/atom+xml", "atom"),
            ("image/png", "png"), ("image/jpeg", "jpg jpeg"), ("image/gif", "gif"),
            ("image/webp", "webp"), ("image/avif", "avif"), ("image/jxl", "jxl"),
            ("image/svg+xml", "svg"), ("image/x-icon", "ico"), ("image/bmp", "bmp"),
            ("image/tiff", "tif tiff"), ("font/woff", "woff"), ("font/woff2", "woff2"),
            ("font/ttf", "ttf"), ("font/otf", "otf"), ("audio/mpeg", "mp3"),
            ("audio/mp4", "m4a"), ("audio/ogg", "ogg oga opus"), ("audio/flac", "flac"),
            ("audio/wav", "wav"), ("video/mp4", "mp4 m4v"), ("video/webm", "webm"),
            ("video/ogg", "ogv"), ("video/quicktime", "mov"), ("video/x-matroska", "mkv"),
        ]
    }
}
