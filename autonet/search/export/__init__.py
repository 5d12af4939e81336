"""Export of a history: to Optuna, TensorBoard, CSV and JSON Lines."""
