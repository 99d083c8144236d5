import Foundation

/// BERT's text cleaning (`BasicTokenizer` in Devlin et al.'s code, 2018), in the order of Hugging
/// Face's fast tokenizers: clean, space Chinese characters, strip accents, lower-case.
struct BERTNormalizer: Sendable, Equatable {
    /// Remove control characters, make every space U+0020.
    var cleansText = true
    /// Put spaces around Chinese characters.
    var splitsChinese = true
    /// Decompose and drop nonspacing marks; `nil`: only where letters are lower-cased.
    var stripsAccents: Bool?
    var lowercases = true

    /// The cleaned scalars of a text.
    func normalize(_ text: some Sequence<Unicode.Scalar>) -> [Unicode.Scalar] {
        var scalars: [Unicode.Scalar] = []
        var isASCII = true
        for scalar in text {
            if cleansText {
                if BERTCharacters.isRemoved(scalar) { continue }
                if BERTCharacters.isSpace(scalar) {
                    scalars.append(" ")
                    continue
                }
            }
            isASCII = isASCII && scalar.isASCII
            if splitsChinese, BERTCharacters.isChinese(scalar) {
                scalars += [" ", scalar, " "]
            } else {
                scalars.append(scalar)
            }
        }
        if stripsAccents ?? lowercases, !isASCII {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars)
            scalars = String(view).decomposedStringWithCanonicalMapping.unicodeScalars.filter {
                !BERTCharacters.isAccent($0)
            }
        }
        guard lowercases else { return scalars }
        var lowered: [Unicode.Scalar] = []
        lowered.reserveCapacity(scalars.count)
        for scalar in scalars {
            if scalar.isASCII {
                let isUpper = (0x41...0x5A).contains(scalar.value)
                lowered.append(isUpper ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar)
            } else {
                lowered += scalar.properties.lowercaseMapping.unicodeScalars
            }
        }
        return lowered
    }

    /// Words and punctuation marks of a cleaned text, in order.
    static func words(_ scalars: ArraySlice<Unicode.Scalar>) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var start = scalars.startIndex
        for (index, scalar) in zip(scalars.indices, scalars) {
            let isMark = BERTCharacters.isPunctuation(scalar)
            guard isMark || BERTCharacters.isSpace(scalar) else { continue }
            if start < index { words.append(scalars[start..<index]) }
            if isMark { words.append(scalars[index...index]) }
            start = index + 1
        }
        if start < scalars.endIndex { words.append(scalars[start...]) }
        return words
    }

    /// Part of a tokenizer's digest.
    var summary: String {
        "clean \(cleansText) chinese \(splitsChinese) accents \(stripsAccents ?? lowercases) "
            + "lower \(lowercases)"
    }
}
