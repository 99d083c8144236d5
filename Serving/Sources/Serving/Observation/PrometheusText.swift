/// A page in Prometheus' text format. Values of labels are names of ours, and need no escapes.
struct PrometheusText {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""
    private var name = ""

    /// Begins a family of samples.
    mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// Adds a sample to the family.
    mutating func sample(_ labels: [(String, String)], _ value: Double) {
        add("", labels, Histogram.text(value))
    }

    /// Adds the samples of a histogram to the family.
    mutating func histogram(_ labels: [(String, String)], _ histogram: Histogram) {
        for (bound, count) in histogram.cumulative {
            add("_bucket", labels + [("le", bound)], "\(count)")
        }
        add("_sum", labels, Histogram.text(histogram.sum))
        add("_count", labels, "\(histogram.count)")
    }

    private mutating func add(_ suffix: String, _ labels: [(String, String)], _ value: String) {
        let list = labels.map { "\($0)=\"\($1)\"" }.joined(separator: ",")
        text += name + suffix + (list.isEmpty ? "" : "{\(list)}") + " \(value)\n"
    }
}
