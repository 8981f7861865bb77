/// This program's version.
public enum Version {
    /// `0.1.0`.
    public static var number: String { "0.1.0" }
    /// The version of nginx whose configuration language is followed: `$nginx_version`.
    public static var nginx: StaticString { "1.31.5" }
    /// `Server: apus/0.1.0`: the field as it is sent.
    static var serverField: StaticString { "Server: apus/0.1.0" }
    /// `apus/0.1.0`, as `-v` and the Server field write it.
    public static var product: String { "apus/\(number)" }
}
