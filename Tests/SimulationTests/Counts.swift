/// The page of stub_status.
struct Counts {
    private let numbers: [Int]

    /// Parses a page; nil if its form is wrong.
    init?(_ page: ArraySlice<UInt8>) {
        let text = String(decoding: page, as: UTF8.self)
        let words = text.split { $0 == " " || $0 == "\n" }
        numbers = words.compactMap { Int($0) }
        guard numbers.count == 7 else { return nil }
        let form =
            "Active connections: \(numbers[0]) \nserver accepts handled requests\n"
            + " \(numbers[1]) \(numbers[2]) \(numbers[3]) \n"
            + "Reading: \(numbers[4]) Writing: \(numbers[5]) Waiting: \(numbers[6]) \n"
        guard text == form else { return nil }
    }

    /// Returns true if the numbers fit each other, and at most `most` connections are open.
    func areRight(most: Int) -> Bool {
        numbers[0] >= 1 && numbers[0] <= most && numbers[0] == numbers[4] + numbers[5] + numbers[6]
            && numbers[5] >= 1 && numbers[1] == numbers[2] && numbers[1] >= numbers[0]
    }
}
