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
        guard let parameters, graph.isCalibrated(scale), rows > 0 else { return }
        var moments = ColumnMoments(width: graph.parameters[scale.index].count)
        moments.add(x, rows: rows)
        parameters.standardize(scale, shift, to: moments)
    }
}

extension Graph {
    /// Sets the calibrated parameters from blocks of examples, one after another, so that no more
    /// is held than a block's activations. The blocks run from the inputs again for each parameter:
    /// few graphs have more than two.
    ///
    /// - Parameter block: the examples of a block, by its number.
    public func calibrate(
        _ parameters: ParameterSet, blocks: Int, _ block: (Int) throws -> Batch
    ) rethrows {
        for node in nodes {
            guard case .affine(let scale, let shift) = node.primitive, isCalibrated(scale) else {
                continue
            }
            let executor = Executor(upTo(node: node.inputs[0]))
            var moments = ColumnMoments(width: node.width)
            for index in 0..<blocks {
                let batch = try block(index)
                // What the executor returns, above all an input, may be freed with its owner.
                withExtendedLifetime((executor, batch)) {
                    moments.add(
                        executor.forward(batch, parameters: parameters),
                        rows: batch.rowCount(executor.graph.output.space))
                }
            }
            if blocks > 0 { parameters.standardize(scale, shift, to: moments) }
        }
    }

    /// Whether a scale is set from data instead of trained.
    public func isCalibrated(_ scale: ParameterID) -> Bool {
        parameters[scale.index].initialization == .calibratedScale
    }
}

extension ParameterSet {
    fileprivate func standardize(
        _ scale: ParameterID, _ shift: ParameterID, to moments: ColumnMoments
    ) {
        let standardization = moments.standardization
        set(scale, standardization.scale)
        set(shift, standardization.shift)
    }
}
