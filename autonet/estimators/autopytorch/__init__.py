"""API of Auto-PyTorch 0.0.2: its keywords, options, files, methods and nodes, in terms of the estimators."""
