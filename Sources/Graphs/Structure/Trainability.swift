extension Graph {
    /// The same graph in which only some of the trained parameters are trained: gradients of the others are not
    /// formed.
    ///
    /// The layout of a ``ParameterSet`` is another one: numbers are copied by name.
    public func training(only isWanted: (ParameterID, Parameter) -> Bool) -> Graph {
        Graph(
            nodes: nodes,
            parameters: parameters.enumerated().map { index, parameter in
                guard parameter.isTrainable, !isWanted(ParameterID(index: index), parameter) else {
                    return parameter
                }
                return Parameter(
                    name: parameter.name, shape: parameter.shape,
                    initialization: parameter.initialization, isTrainable: false)
            }, output: output, segments: segments)
    }
}
