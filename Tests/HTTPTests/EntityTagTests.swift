import HTTP
import Testing

@Suite struct EntityTagTests {
    @Test(arguments: [
        (Int64(0x5f3a_9b01), Int64(0x264), false, "\"5f3a9b01-264\""), (0, 0, false, "\"0-0\""),
        (1, 2, true, "W/\"1-2\""), (-1, 10, false, "\"-1-a\""),
        (Int64.min, Int64.max, false, "\"-8000000000000000-7fffffffffffffff\""),
    ])
    func writing(modified: Int64, size: Int64, isWeak: Bool, expected: String) {
        let result = written {
            EntityTag.write(modified: modified, size: size, isWeak: isWeak, into: &$0)
        }
        #expect(result.text == expected)
    }

    @Test(arguments: [
        // RFC 9110, section 8.8.3.2: the table of comparisons.
        ("W/\"1\"", "W/\"1\"", false, true), ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true), ("\"1\"", "\"1\"", true, true),
        ("\"1\"", "W/\"1\"", false, true),
        // RFC 9110, section 13.1: lists and the asterisk.
        ("\"1\"", "*", true, true), ("", "*", true, true), ("\"1\"", "\"0\", \"1\"", true, true),
        ("\"1\"", "\"0\",\"1\" ,\"2\"", true, true), ("\"1\"", "W/\"0\"\t, W/\"1\"", false, true),
        ("\"1\"", "\"0\",\"2\"", false, false), ("\"1\"", ",, \"1\",", true, true),
        ("\"1\"", "\"1\"x", false, false), ("\"1\"", "x\"1\"", false, false),
        ("\"1\"", "\"11\"", false, false), ("\"1\"", "", false, false), ("", "", false, false),
        ("", "\"\"", false, false), ("\"1\"", "1", false, false), ("\"1\"", "**", false, false),
        ("", "W/", false, false), ("", ",", false, false), ("\"1\"", "w/\"1\"", false, false),
    ])
    func matching(tag: String, list: String, strong: Bool, weak: Bool) {
        guarded(tag) { tag in
            guarded(list) { list in
                #expect(EntityTag.strongMatch(tag, in: list) == strong)
                #expect(EntityTag.weakMatch(tag, in: list) == weak)
            }
        }
    }
}
