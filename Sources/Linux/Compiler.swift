import CLinux

/// Returns the name and version of the compiler.
public func compilerName() -> String {
    guard let name = unsafe clinux_compiler() else { return "" }
    return unsafe String(cString: name)
}
