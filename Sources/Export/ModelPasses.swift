/// Encoder passes, which views may have in common.
extension ModelConfiguration {
    /// A run of an encoder over the texts, for all views that read the same sequences of it.
    ///
    /// A view on fine-tuned layers and one on the frozen encoder begin at the same hidden states: what lies
    /// below the trained layers runs once.
    public struct Pass: Sendable, Hashable {
        /// The views that it serves, by index, ascending.
        public var views: [Int]
        /// The hidden states that they read, ascending.
        public var layers: [Int]
    }

    /// The passes of an answer, in the order of their first views.
    public var passes: [Pass] {
        var passes: [Pass] = []
        for (place, view) in views.enumerated() {
            let known = passes.firstIndex { views[$0.views[0]].readsSequences(of: view) }
            if let known {
                passes[known].views.append(place)
                passes[known].layers = Set(passes[known].layers + view.layers).sorted()
            } else {
                passes.append(Pass(views: [place], layers: view.layers))
            }
        }
        return passes
    }

    /// Every view by itself, as where features are given.
    var alone: [Pass] { views.enumerated().map { Pass(views: [$0], layers: $1.layers) } }
}

extension ModelConfiguration.Pass {
    /// Where a view's hidden states lie among those of the pass.
    public func slots(of view: ModelConfiguration.View) -> [Int] {
        view.layers.compactMap { layers.firstIndex(of: $0) }
    }
}

extension ModelConfiguration.View {
    /// Whether both are made by one encoder from the same tokens.
    fileprivate func readsSequences(of other: Self) -> Bool {
        encoder.digest == other.encoder.digest && pairing == other.pairing
            && maximumLength == other.maximumLength && width == other.width
    }
}
