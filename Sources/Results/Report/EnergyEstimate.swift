/// Energy and emissions of a computation, from processor time and memory with the constants of
/// Lannelongue, Grealey and Inouye, Green Algorithms, Advanced Science 2021. An estimate: only
/// times and bytes are measured.
struct EnergyEstimate {
    /// Power of a busy core, in watts: that paper's value for an unknown processor.
    static let wattsPerCore = 12.0
    /// Power of memory, in watts per gigabyte, from the same source.
    static let wattsPerGigabyte = 0.3725
    /// Carbon intensity of electricity, in grams of CO2 equivalent per kilowatt-hour: the world
    /// average in that paper.
    static let gramsPerKilowattHour = 475.0

    let wattHours: Double

    /// - Parameters:
    ///   - cpuSeconds: processor time, summed over cores.
    ///   - wallSeconds: how long the memory was held.
    ///   - memoryBytes: the largest resident size, assumed to be held all the time.
    init(cpuSeconds: Double, wallSeconds: Double, memoryBytes: Int) {
        let processor = cpuSeconds * Self.wattsPerCore
        let memory = wallSeconds * Double(memoryBytes) / 1e9 * Self.wattsPerGigabyte
        wattHours = (processor + memory) / 3600
    }

    /// Emissions in grams of CO2 equivalent.
    var grams: Double { wattHours / 1000 * Self.gramsPerKilowattHour }

    /// Both numbers, for people.
    var text: String {
        let energy =
            wattHours < 1000
            ? "\(Show.short(wattHours)) Wh" : "\(Show.short(wattHours / 1000)) kWh"
        return
            "\(energy), \(grams < 1000 ? "\(Show.short(grams)) g" : "\(Show.short(grams / 1000)) kg")"
    }
}
