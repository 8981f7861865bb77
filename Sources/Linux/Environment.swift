import Glibc

/// Returns the value of an environment variable (getenv(3)); nil if it is unset.
public func environmentValue(_ name: String) -> [UInt8]? {
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
}

/// Removes a variable from the environment of this process and its children: unsetenv(3).
public func removeEnvironmentValue(_ name: String) { _ = unsafe unsetenv(name) }
