extension ParameterSet {
    /// Lends out the elements of a parameter as they are stored, row-major, e.g. a table in float16
    /// in a memory-mapped file; exporters copy them without a detour through float32.
    ///
    /// - Precondition: `id` belongs to the graph that the set was made for.
    public func withStoredElements<Result>(
        _ id: ParameterID,
        _ body: (UnsafeRawBufferPointer, ExternalTensor.Element) throws -> Result
    ) rethrows -> Result {
        let (address, element) = table(id)
        let size = element == .float32 ? 4 : 2
        let count = layout.parameters[id.index].count
        return try withExtendedLifetime(self) {
            try body(UnsafeRawBufferPointer(start: address, count: count * size), element)
        }
    }
}
