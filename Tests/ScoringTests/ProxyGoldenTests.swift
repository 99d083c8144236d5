import Scoring
import Testing

@Suite("Proxies equal those of an independent implementation")
struct ProxyGoldenTests {
    /// A finite difference may be wrong by a thousandth; the others carry the rounding of float32.
    private func tolerance(_ name: String) -> Double {
        switch name {
        case "grasp", "jacobian-covariance", "ntk-condition", "gradsign": 1e-3
        case "naswot", "flops", "parameters": 1e-12
        default: 1e-4
        }
    }

    @Test("every proxy but knas-released agrees", arguments: ProxyFixture.Kind.allCases)
    func golden(_ kind: ProxyFixture.Kind) throws {
        let fixture = try ProxyFixture(kind)
        let head = fixture.evaluation()
        for proxy in ProxyRegistry.all where proxy.name != "knas-released" {
            let expected = try #require(fixture.scores[proxy.name])
            let found = try proxy.score(head)
            #expect(
                abs(found - expected) <= tolerance(proxy.name) * abs(expected),
                "\(proxy.name): \(found), expected \(expected)")
        }
        withExtendedLifetime(fixture) {}
    }

    @Test(
        "a proxy's value does not depend on those computed before",
        arguments: ProxyFixture.Kind.allCases)
    func order(_ kind: ProxyFixture.Kind) throws {
        let fixture = try ProxyFixture(kind)
        let proxies = ProxyRegistry.all.filter { $0.name != "knas-released" }
        let head = fixture.evaluation()
        let backwards = try proxies.reversed().map { try $0.score(head) }.reversed()
        for (proxy, value) in zip(proxies, backwards) {
            let alone = try proxy.score(fixture.evaluation())
            // The loss kernel of two classes comes from the output kernel where that was wanted.
            #expect(abs(alone - value) <= 1e-4 * abs(alone), "\(proxy.name)")
        }
    }
}
