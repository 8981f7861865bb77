/// The version of this program.
public enum Version {
    /// The version number.
    public static var number: String { "0.1.0" }
    /// The version of nginx whose configuration language is implemented: `$nginx_version`.
    public static var nginx: StaticString { "1.31.5" }
    /// The Server field of responses: `Server: apus/0.1.0`.
    static var serverField: StaticString { "Server: apus/0.1.0" }
    /// The product name and version, as in `-v` and the Server field.
    public static var product: String { "apus/\(number)" }
}
