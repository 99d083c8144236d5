/// A training that is left out, as the run is to end with what was trained before.
public struct LeftOut: Error {
    public init() {}
}
