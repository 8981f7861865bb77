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
