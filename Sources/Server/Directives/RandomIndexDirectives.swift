import Configuration

/// A random file of a directory.
struct RandomIndexSettings {
    var isOn: Bool?
}

/// random_index.
enum RandomIndexDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        .flag(
            "random_index", in: .location, sets: \.scope.randomIndex.isOn, default: "off",
            "Responds to a path that ends in a slash with a random file of that directory.")
    ]
}
