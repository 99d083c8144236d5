import Foundation

/// Where the program keeps what it needs again, decided by the environment:
///
/// | what | where |
/// |---|---|
/// | encoders | `$KNAS_HOME`, else `$XDG_CACHE_HOME/knas`, else `$HOME/.cache/knas` |
/// | features, digests | `$KNAS_CACHE`, else `$XDG_CACHE_HOME/knas`, else `$HOME/.cache/knas` |
///
/// A variable that is empty counts as one that is not set. Either place may be read-only where
/// nothing has to be written.
public enum Places {
    /// The user's home directory: `$HOME`, else what the system's list of users says.
    public static var home: URL {
        variable("HOME").map(directory) ?? FileManager.default.homeDirectoryForCurrentUser
    }

    /// The directory that `encoders` is in.
    public static var encoders: URL { variable("KNAS_HOME").map(directory) ?? shared }

    /// The directory of everything that can be computed again.
    public static var cache: URL { variable("KNAS_CACHE").map(directory) ?? shared }

    private static var shared: URL {
        (variable("XDG_CACHE_HOME").map(directory) ?? home.appendingPathComponent(".cache"))
            .appendingPathComponent("knas")
    }

    /// A variable of the environment; `nil` where it is missing or empty.
    package static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func directory(_ path: String) -> URL {
        URL(fileURLWithPath: path, isDirectory: true)
    }
}
