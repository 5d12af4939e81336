"""The search space: nodes, presets and updates make one ConfigurationSpace."""
