import Metrics

extension Dataset {
    /// Texts that nobody has labelled yet, as the training rows of a task with two classes that no row shows: all have
    /// the first.
    /// - Parameters:
    ///   - texts: their labels do not count.
    ///   - name: what the task is called.
    public init(unlabelled texts: [Example], name: String) {
        self.name = name
        (description, source, digest, files) = ("", "", "", [:])
        labels = ["", " "].map { TaskLabel(value: $0) }
        targets = .classes(2)
        positiveLabel = nil
        metrics = [.accuracy]
        pairing = texts.contains { $0.pair != nil } ? .siamese : nil
        maximumTokens = nil
        train = texts.map { Example(text: $0.text, pair: $0.pair, label: 0) }
        (dev, test) = ([], [])
        report = DatasetReport(labels: labels, examples: [.train: train], origins: [:], badRows: [])
    }
}
