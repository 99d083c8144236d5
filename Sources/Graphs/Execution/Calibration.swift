extension Executor {
    /// Sets the parameters that depend on data, e.g. those of ``GraphBuilder/standardize(_:name:)``,
    /// from a batch, in the order of the graph: later ones see what earlier ones make of it
    /// (data-dependent initialisation, Kraehenbuehl et al. 2016).
    ///
    /// Dropout is off. A graph without such parameters is left alone.
    public func calibrate(_ batch: Batch, parameters: ParameterSet) {
        guard graph.needsCalibration, batch.exampleCount > 0 else { return }
        _ = forward(batch, parameters: parameters, mode: .calibration)
        reset()
    }

    /// Scale and shift that give each column of `x` `[rows, width]` zero mean and unit variance; a
    /// column that hardly varies is only shifted.
    func standardize(
        _ x: UnsafePointer<Float>, _ rows: Int, _ scale: ParameterID, _ shift: ParameterID
    ) {
        guard let parameters,
            graph.parameters[scale.index].initialization == .calibratedScale, rows > 0
        else { return }
        let width = graph.parameters[scale.index].count
        var means = [Double](repeating: 0, count: width)
        for row in 0..<rows {
            for column in 0..<width { means[column] += Double(x[row * width + column]) }
        }
        for column in 0..<width { means[column] /= Double(rows) }
        var squares = [Double](repeating: 0, count: width)
        for row in 0..<rows {
            for column in 0..<width {
                let difference = Double(x[row * width + column]) - means[column]
                squares[column] += difference * difference
            }
        }
        var scales = [Float](repeating: 1, count: width)
        var shifts = [Float](repeating: 0, count: width)
        for column in 0..<width {
            let deviation = (squares[column] / Double(rows)).squareRoot()
            let isConstant = deviation <= 1e-5 * abs(means[column]) || deviation < 1e-12
            scales[column] = isConstant ? 1 : Float(1 / deviation)
            shifts[column] = Float(-means[column]) * scales[column]
        }
        parameters.set(scale, scales)
        parameters.set(shift, shifts)
    }
}
