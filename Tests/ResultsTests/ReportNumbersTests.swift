import Testing

@testable import Results

@Suite("Numbers in the report")
struct ReportNumbersTests {
    @Test(
        "are short, and tell the sums of ranks of a vote apart",
        arguments: [
            (0.123456, "0.123"), (12.3456, "12.3"), (2990.5, "2990.5"), (-2989, "-2989"),
            (1_234_567.0, "1.23e+06"), (.infinity, "–"),
        ])
    func short(_ value: Double, _ text: String) {
        #expect(Show.short(value) == text)
    }
}
