import ArgumentParser

@main
struct Benchmarks: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "Benchmarks",
        abstract: "Times every stage against the machine's matrix-product limit.",
        discussion: """
            Each line of output is a JSON object: the work done, the median of the repetitions in \
            seconds, GFLOP/s, the share of the limit that was measured in the same run, and the \
            largest resident size so far. compare.py runs other programs on the same work.

            EXAMPLES
              swift run -c release Benchmarks kernels
              swift run -c release Benchmarks encoder --data ~/MRPC
              swift run -c release Benchmarks scoring --threads 1
            """,
        subcommands: [
            KernelBenchmark.self, EncoderBenchmark.self, ScoringBenchmark.self,
            TrainingBenchmark.self, FineTuningBenchmark.self, ProbeBenchmark.self,
            SearchBenchmark.self,
        ])
}
