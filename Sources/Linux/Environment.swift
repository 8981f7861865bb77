import Glibc

/// The value of a variable of the environment: getenv(3); nil when it is not set.
public func environmentValue(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}

/// Takes a variable out of the environment of this process and its children: unsetenv(3).
public func removeEnvironmentValue(_ name: String) { _ = unsafe unsetenv(name) }
