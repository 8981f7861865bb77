/// The configuration of `apus serve`, written as a user would write it.
public enum ServeText {
    /// The text. `directory` is absolute, without symbolic links; any bytes.
    public static func configuration(
        directory: [UInt8], address: ListenAddress, workers: Int
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

            server {
                listen \(quoted(address.description));
                root \(quoted(root(directory)));
                index index.html index.htm;
                autoindex on;
                hidden_files deny;
                symlinks beneath;
            }
        }

        """
    }

    /// The directory by its name, where the language can say it; else by what it is: the working
    /// directory. A `$` begins a variable and cannot be escaped, and what is not UTF-8 is no text.
    static func root(_ directory: [UInt8]) -> String {
        let name = String(decoding: directory, as: UTF8.self)
        let isSayable = Array(name.utf8) == directory && !directory.contains(UInt8(ascii: "$"))
        return isSayable ? name : "/proc/self/cwd"
    }

    /// In double quotes, which end at the next one: it and the backslash are escaped.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { result += "\\" }
            result.unicodeScalars.append(scalar)
        }
        return result + "\""
    }

    /// What gzip makes smaller.
    private static var compressed: String {
        """
        text/css text/javascript text/markdown text/plain text/xml application/json
                       application/manifest+json application/wasm application/xml image/svg+xml
        """
    }

    private static var typeLines: String {
        types.map { "        \($0.type) \($0.names);" }.joined(separator: "\n")
    }

    /// The types that a folder on somebody's disk is likely to hold.
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
