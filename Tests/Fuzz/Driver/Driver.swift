import Glibc

/// libFuzzer with one of the checks: `APUS_FUZZER=ranges apus-fuzz directory...` and libFuzzer's
/// own options. The name is in the environment, since libFuzzer restarts itself with its arguments.
@main enum Driver {
    private static let fuzzer = Fuzzer.all.first { fuzzer in
        unsafe getenv("APUS_FUZZER").map { unsafe String(cString: $0) == fuzzer.name } ?? false
    }

    static func main() {
        guard fuzzer != nil else {
            print(Fuzzer.all.map(\.name).joined(separator: "\n"))
            return
        }
        var count = CommandLine.argc
        var arguments = unsafe CommandLine.unsafeArgv
        exit(unsafe runLibFuzzer(&count, &arguments) { unsafe Driver.run($0, $1) })
    }

    private static func run(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
        do {
            let bytes = unsafe UnsafeBufferPointer(start: start, count: count)
            try unsafe fuzzer?.check(bytes.span)
            return 0
        } catch {
            // libFuzzer stores the input that stops the program.
            fatalError("\(error)")
        }
    }
}

/// <fuzzer/FuzzerInterface.h> of LLVM's compiler-rt, "Using libFuzzer as a library".
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
