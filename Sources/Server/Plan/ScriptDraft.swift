import Configuration

/// A step of a level's script, and where it is written.
struct ScriptLine {
    let draft: ScriptDraft
    let written: Written
}

/// A step of a level's script as it is written.
indirect enum ScriptDraft {
    case set(slot: Int, value: Word)
    case setArguments(Word)
    case setRate(Word)
    case rewrite(RewriteDraft)
    case answer(status: Int, text: Word?)
    case stop
    /// The body's settings are those of a pseudo location where the `if` stands in a location.
    case condition(ConditionDraft, body: [ScriptLine], scope: Scope?)
}

/// A `rewrite`.
struct RewriteDraft {
    let pattern: Word
    let replacement: Word
    var flags: RewriteFlags
    var status = 0
}

/// What stands in the parentheses of an `if`.
struct ConditionDraft {
    var kind: ScriptStep.Condition
    /// The value that is asked about, or a file's name.
    var left: Word
    /// What it is compared with: a text or a pattern.
    var right: Word?
    var ignoresCase = false
}
