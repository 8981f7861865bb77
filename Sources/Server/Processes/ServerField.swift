extension Version {
    /// `Server: apus/0.1.0`: the field as it is sent.
    static var serverField: StaticString { "Server: apus/0.1.0" }
}
