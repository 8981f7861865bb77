import Configuration
import Linux

/// worker_cpu_affinity.
enum ProcessorAffinity {
    /// A set of processors for each worker, in order.
    case masks([[UInt16]])
    /// `auto`: each worker has one of these for itself, as long as there are enough.
    case auto([UInt16])

    /// The size of the kernel's own set of processors.
    private static let maxProcessors = 1024

    init(_ use: DirectiveUse) throws(Diagnostic) {
        let isAuto = try use.text(0) == "auto"
        var masks: [[UInt16]] = []
        for index in use.arguments.indices.dropFirst(isAuto ? 1 : 0) {
            masks.append(try ProcessorAffinity.mask(use, index))
        }
        guard isAuto else {
            self = .masks(masks)
            return
        }
        guard masks.count < 2 else {
            throw use.fail("invalid number of arguments in \"\(use.name)\" directive")
        }
        let all = (0..<min(processorCount(), ProcessorAffinity.maxProcessors)).map { UInt16($0) }
        self = .auto(masks.first ?? all)
    }

    /// Returns the processors of each worker; the last set is for all further ones.
    func processors(forWorkers count: Int) -> [[UInt16]] {
        switch self {
        case .masks(let masks): masks
        case .auto(let all) where all.isEmpty: []
        case .auto(let all): (0..<max(count, 1)).map { [all[$0 % all.count]] }
        }
    }

    /// Parses ones and zeros, the first processor last.
    private static func mask(_ use: DirectiveUse, _ index: Int) throws(Diagnostic) -> [UInt16] {
        let digits = try use.bytes(index)
        guard digits.count <= maxProcessors else {
            throw use.fail(
                "\"\(use.name)\" supports up to \(maxProcessors) CPUs only", at: index)
        }
        var processors: [UInt16] = []
        for (number, digit) in digits.reversed().enumerated() where digit != UInt8(ascii: "0") {
            guard digit == UInt8(ascii: "1") else {
                let character = Character(Unicode.Scalar(digit))
                throw use.fail("invalid character \"\(character)\" in \"\(use.name)\"", at: index)
            }
            processors.append(UInt16(truncatingIfNeeded: number))
        }
        return processors
    }
}
