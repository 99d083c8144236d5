/// What a computation may have drawn and emitted: processor time and memory by constants, after
/// Lannelongue, Grealey and Inouye, Green Algorithms, Advanced Science 2021. An estimate: nothing
/// is measured but times and bytes.
struct EnergyEstimate {
    /// Power of a busy core, in watts: that paper's value for a processor that is not known.
    static let wattsPerCore = 12.0
    /// Power of memory, in watts a gigabyte, from the same source.
    static let wattsPerGigabyte = 0.3725
    /// Carbon intensity of electricity, in grams of CO2 equivalent a kilowatt-hour: the world's
    /// average in that paper.
    static let gramsPerKilowattHour = 475.0

    let wattHours: Double

    /// - Parameters:
    ///   - cpuSeconds: processor time, summed over cores.
    ///   - wallSeconds: how long the memory was held.
    ///   - memoryBytes: the largest resident size, taken as held all the time.
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
