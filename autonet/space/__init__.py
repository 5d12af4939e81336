"""Floor 2: from nodes, presets and updates to one ConfigurationSpace."""
