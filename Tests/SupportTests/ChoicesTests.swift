import Support
import Testing

@Suite("What identifies a piece of work")
struct ChoicesTests {
    private struct Inner { var rate = 0.5, limit: Int? = nil }
    private struct Outer {
        var name = "x", names = ["a", "b"], inner = Inner(), place = "/tmp", other: Inner? = Inner()
    }

    @Test("every field counts by its path, except those that are left out")
    func list() {
        #expect(
            Choices.list(of: Outer(), omitting: ["place", "other.rate"]) == [
                "name": "x", "names": "a, b", "inner.rate": "0.5", "inner.limit": "none",
                "other.limit": "none",
            ])
    }

    @Test("equal choices give equal texts, others do not")
    func text() {
        var changed = Outer()
        #expect(Choices.text(of: changed) == Choices.text(of: Outer()))
        changed.inner.limit = 3
        #expect(Choices.text(of: changed) != Choices.text(of: Outer()))
        changed = Outer(other: nil)
        #expect(Choices.text(of: changed).contains("other: none"))
    }
}
