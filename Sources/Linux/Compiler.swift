import CLinux

/// The compiler that built this, as it names itself.
public func compilerName() -> String {
    guard let name = unsafe clinux_compiler() else { return "" }
    return unsafe String(cString: name)
}
