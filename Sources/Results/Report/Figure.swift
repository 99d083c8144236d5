import Foundation

/// A linear axis: maps values to positions in a drawing, and has round numbers to mark.
struct Axis {
    let lower: Double
    let upper: Double
    /// Positions of the ends, in units of the drawing.
    let start: Double
    let end: Double
    let ticks: [Double]
    private let step: Double

    /// An axis that covers all finite values, with round ends.
    /// - Parameters:
    ///   - values: the values to show; 0 to 1 where there are none.
    ///   - padding: room beyond the values, as a share of their range.
    ///   - limits: ends that the axis does not go beyond, e.g. 0 and 1 of a share.
    init(
        _ values: [Double], from start: Double, to end: Double, padding: Double = 0.05,
        limits: ClosedRange<Double>? = nil, count: Int = 5
    ) {
        let finite = values.filter(\.isFinite)
        var low = finite.min() ?? 0
        var high = finite.max() ?? 1
        var range = high - low
        if !(range > 0) || !range.isFinite {
            range = max(abs(low) * 0.1, 1e-3)
            low -= range / 2
            high += range / 2
        }
        low -= padding * range
        high += padding * range
        if let limits {
            low = max(low, limits.lowerBound)
            high = min(high, limits.upperBound)
        }
        if !(high > low) { high = low + 1 }
        let step = Self.roundStep((high - low) / Double(count))
        lower = (low / step).rounded(.down) * step
        upper = (high / step).rounded(.up) * step
        var ticks: [Double] = []
        var index = 0
        while index <= 4 * count, lower + Double(index) * step <= upper + step / 2 {
            ticks.append(lower + Double(index) * step)
            index += 1
        }
        self.step = step
        self.ticks = ticks
        self.start = start
        self.end = end
    }

    /// The next of 1, 2 and 5 times a power of ten.
    private static func roundStep(_ size: Double) -> Double {
        guard size.isFinite, size > 0 else { return 1 }
        let power = pow(10, log10(size).rounded(.down))
        for factor in [1.0, 2, 5] where factor * power >= size * 0.999 { return factor * power }
        return 10 * power
    }

    /// The position of a value; that of values that are not finite is the start.
    func place(_ value: Double) -> Double {
        guard value.isFinite else { return start }
        return start + (value - lower) / (upper - lower) * (end - start)
    }

    /// A tick's text, with as many decimals as the step needs.
    func label(_ tick: Double) -> String {
        if abs(upper) >= 1e6 || step < 1e-6 { return Show.short(tick) }
        let digits = max(0, Int(-log10(step).rounded(.down)))
        let text = Show.decimals(tick, digits)
        return text.hasPrefix("-") && Double(text) == 0 ? String(text.dropFirst()) : text
    }
}

/// SVG drawings that also say in words what they show.
enum Figure {
    /// A drawing with a caption.
    /// - Parameters:
    ///   - id: unique on the page; names the parts that screen readers read.
    ///   - description: what the drawing shows, for people who cannot see it.
    static func svg(
        id: String, width: Double, height: Double, title: String, description: String,
        _ content: [HTML], caption: HTML
    ) -> HTML {
        """
        <figure>
        <div class="scroll" tabindex="0" role="group" aria-label="\(title)">
        <svg viewBox="0 0 \(at(width)) \(at(height))" width="\(at(width))" role="img" \
        aria-labelledby="\(id)-title \(id)-text">
        <title id="\(id)-title">\(title)</title><desc id="\(id)-text">\(description)</desc>
        \(content)
        </svg>
        </div>
        <figcaption>\(caption)</figcaption>
        </figure>
        """
    }

    /// Both axes, their ticks and names, and a grid.
    static func frame(_ x: Axis, _ y: Axis, xName: String, yName: String) -> HTML {
        let vertical: [HTML] = x.ticks.map { tick in
            """
            <line class="grid" x1="\(at(x.place(tick)))" x2="\(at(x.place(tick)))" \
            y1="\(at(y.start))" y2="\(at(y.end))"/>\
            <text class="tick" x="\(at(x.place(tick)))" y="\(at(y.start + 18))" \
            text-anchor="middle">\(x.label(tick))</text>
            """
        }
        let horizontal: [HTML] = y.ticks.map { tick in
            """
            <line class="grid" x1="\(at(x.start))" x2="\(at(x.end))" \
            y1="\(at(y.place(tick)))" y2="\(at(y.place(tick)))"/>\
            <text class="tick" x="\(at(x.start - 8))" y="\(at(y.place(tick) + 4))" \
            text-anchor="end">\(y.label(tick))</text>
            """
        }
        return """
            \(vertical)\(horizontal)
            <path class="axis" d="M\(at(x.start)) \(at(y.end))V\(at(y.start))H\(at(x.end))"/>
            <text class="name" x="\(at((x.start + x.end) / 2))" y="\(at(y.start + 40))" \
            text-anchor="middle">\(xName)</text>
            <text class="name" x="\(at(x.start))" y="\(at(y.end - 12))">\(yName)</text>
            """
    }

    /// A number in the drawing's units.
    static func at(_ value: Double) -> String {
        let text = String(format: "%.1f", value.isFinite ? value : 0)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
