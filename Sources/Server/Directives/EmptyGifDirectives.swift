import Configuration

/// A GIF of one pixel.
struct EmptyGifSettings {
    var isOn = false
}

/// empty_gif.
enum EmptyGifDirectives {
    static let rows: [DirectiveRow<Draft>] = [
        // As in nginx, nested locations do not inherit it.
        .row(
            "empty_gif", in: .location, takes: .exactly(0), repeats: .yes,
            "Responds with a transparent GIF of one pixel."
        ) { (draft, _) throws(Diagnostic) in draft.scope.emptyGif.isOn = true }
    ]
}
