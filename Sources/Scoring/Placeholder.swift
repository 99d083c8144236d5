// Placeholder until the target has its sources.
