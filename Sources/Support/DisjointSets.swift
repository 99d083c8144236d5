/// Sets that are joined (Tarjan, JACM 1975), with path halving. A set's root is its least element.
///
///     var sets = DisjointSets(count: 3)
///     sets.join(2, 0)
///     print(sets.numbered())  // [0, 1, 0]
public struct DisjointSets {
    private var parents: [Int]

    /// Each of so many elements alone.
    public init(count: Int) { parents = Array(0..<count) }

    /// The least element of the set that an element is in.
    public mutating func root(_ element: Int) -> Int {
        var element = element
        while parents[element] != element {
            parents[element] = parents[parents[element]]
            element = parents[element]
        }
        return element
    }

    /// Makes one set of those that two elements are in.
    public mutating func join(_ one: Int, _ other: Int) {
        let (first, second) = (root(one), root(other))
        parents[max(first, second)] = min(first, second)
    }

    /// For each element the number of its set, in the order of their first elements.
    public mutating func numbered() -> [Int] {
        var numbers: [Int: Int] = [:]
        return parents.indices.map { element in
            let root = root(element)
            if let known = numbers[root] { return known }
            numbers[root] = numbers.count
            return numbers.count - 1
        }
    }
}
