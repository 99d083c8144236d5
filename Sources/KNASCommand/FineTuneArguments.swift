import ArgumentParser
import Selection
import Training

extension FineTuneOptions.Depth: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// Whether and how encoder layers are trained with the best head.
struct FineTuneArguments: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Train this many encoder layers (or all) with the head, from the highest it reads.",
            discussion: """
                Training starts from the exact linear head on the frozen encoder, with the search's best head \
                gated beside it. The embeddings stay frozen. The portfolio on the frozen encoder, the fine-tuned \
                head, or both together answer, whichever does best on dev; together they cost two passes of the \
                encoder, which --max-cost bounds.
                """))
    var unfreeze: FineTuneOptions.Depth?
    @Option(help: "Epochs of fine-tuning; the best on dev is kept.")
    var finetuneEpochs = FineTuneConfiguration().epochs
    @Option(help: "Epochs without a better one after which fine-tuning ends (default: none).")
    var finetunePatience: Int?
    @Option(
        help: ArgumentHelp(
            "Rank of adapters to train beside the encoder's weights instead of these (LoRA).",
            discussion: """
                Fewer numbers are trained, which takes less memory and time; 8 is usual. They learn best at a higher \
                rate, e.g. --encoder-learning-rate 1e-3. The model gets the weights with the adapters added.
                """))
    var lora: Int?
    @Option(
        help: "Pull of the encoder's weights towards the pretrained ones (L2-SP; default: none).")
    var pull: Float?
    @Option(
        help: ArgumentHelp(
            "Share of an epoch that a running mean of the weights reaches back (default: none).",
            discussion: "Dev rows and the model get the mean instead of the last weights."))
    var averaging: Float?
    @Option(
        help: ArgumentHelp(
            "Weight of the distance of a row's answers under two dropout masks (R-Drop; default: none).",
            discussion: "1 is usual. Every row is read twice, so an epoch takes twice as long."))
    var rDrop: Float?
    @Option(
        help: ArgumentHelp(
            "Pairs for each training row that the encoder is trained on first, by their likeness.",
            discussion: """
                For few rows: texts of one class are pulled together, others pushed apart (SetFit), \
                then the linear head is fitted anew. Not for pairs that are encoded separately.
                """))
    var contrastivePairs = FineTuneOptions(.all).contrastivePairs
    @Option(help: "Trainings of each head with the encoder; the best on dev answers.")
    var finetuneSeeds = FineTuneOptions(.all).seeds
    @Option(help: "Examples per fine-tuning step.")
    var finetuneBatchSize = FineTuneConfiguration().batchSize
    @Option(help: "Peak learning rate of the highest encoder layer.")
    var encoderLearningRate = FineTuneConfiguration().encoderLearningRate
    @Option(help: "Peak learning rate of the head in fine-tuning.")
    var headLearningRate = FineTuneConfiguration().headLearningRate
    @Option(help: "Factor of the learning rate from one encoder layer to the one below.")
    var layerDecay = FineTuneConfiguration().layerDecay
    @Option(help: "Dropout in the encoder's layers.")
    var encoderDropout = FineTuneConfiguration().dropout
    @Option(help: "Tokens whose activations a thread keeps at a time; bounds the memory.")
    var microBatchTokens = FineTuneConfiguration().microBatchTokens
    @Flag(
        help: """
            Fine-tune on pairs in random order, redrawn each epoch: for tasks where the order of \
            the two texts has no meaning.
            """)
    var swapPairs = false
    @Flag(
        inversion: .prefixedNo,
        help: """
            Gate the head beside the exact linear head, so that fine-tuning begins at that; otherwise \
            from the head by itself.
            """)
    var linearStart = true
    @Flag(
        name: .customLong("finetune-control"), inversion: .prefixedNo,
        help: """
            Fine-tune a linear head by itself in the same way, and take it unless the head that the \
            search found does better on dev, in the metric and in cross entropy.
            """)
    var control = true
    @Flag(
        name: .customLong("finetune-searched"), inversion: .prefixedNo,
        help: "Fine-tune the head that the search found; otherwise a linear head alone.")
    var searched = true
    @Flag(help: "Put the whole encoder into the model's directory.")
    var standalone = false

    func validate() throws {
        guard (1...1000).contains(finetuneSeeds) else {
            throw ValidationError("--finetune-seeds is \(finetuneSeeds): expected 1 to 1000")
        }
        guard contrastivePairs == 0 || (2...10_000).contains(contrastivePairs) else {
            throw ValidationError(
                "--contrastive-pairs is \(contrastivePairs): expected 0, or 2 to 10000")
        }
        guard unfreeze == nil else { return }
        // Those that say nothing by default: given, they would be without effect.
        let without = [
            ("--standalone", standalone), ("--swap-pairs", swapPairs),
            ("--no-finetune-searched", !searched), ("--lora", lora != nil),
            ("--pull", pull != nil), ("--averaging", averaging != nil), ("--r-drop", rDrop != nil),
            ("--finetune-patience", finetunePatience != nil),
            ("--contrastive-pairs", contrastivePairs != 0),
            ("--finetune-seeds", finetuneSeeds != FineTuneOptions(.all).seeds),
        ]
        if let option = without.first(where: \.1)?.0 {
            throw ValidationError("\(option) needs --unfreeze")
        }
    }

    /// `nil` where the encoder stays frozen.
    /// - Parameter head: the head's training; its weight decay, label smoothing and class weights
    ///   apply here too.
    func options(_ head: TrainingConfiguration) -> FineTuneOptions? {
        guard let unfreeze else { return nil }
        var options = FineTuneOptions(unfreeze, like: head)
        options.training.epochs = finetuneEpochs
        options.training.patience = finetunePatience
        options.training.pull = pull
        options.training.adapterRank = lora
        options.training.averaging = averaging
        options.training.consistency = rDrop
        options.training.batchSize = finetuneBatchSize
        options.training.encoderLearningRate = encoderLearningRate
        options.training.headLearningRate = headLearningRate
        options.training.layerDecay = layerDecay
        options.training.dropout = encoderDropout
        options.training.microBatchTokens = microBatchTokens
        options.contrastivePairs = contrastivePairs
        options.startsLinear = linearStart
        options.seeds = finetuneSeeds
        options.swapsPairs = swapPairs
        options.tunesSearched = searched
        options.hasControl = control
        options.isStandalone = standalone
        return options
    }
}
