import Configuration

/// A step of a level's script, and its place.
struct ScriptLine {
    let draft: ScriptDraft
    let written: SourceRange
}

/// A step of a level's script as written.
indirect enum ScriptDraft {
    case set(slot: Int, value: Word)
    case setArguments(Word)
    case setRate(Word)
    case rewrite(RewriteDraft)
    case respond(status: Int, text: Word?)
    case stop
    /// An `if`; in a location, the body's settings are those of a pseudo location.
    case condition(ConditionDraft, body: [ScriptLine], scope: LevelSettings?)
}

/// A `rewrite`.
struct RewriteDraft {
    let pattern: Word
    let replacement: Word
    var flags: RewriteFlags
    var status = 0
}

/// The condition of an `if`, as written in the parentheses.
struct ConditionDraft {
    var kind: ScriptStep.Condition
    /// The value to test, or the name of a file.
    var left: Word
    /// The text or pattern to compare with.
    var right: Word?
    var ignoresCase = false
}
