"""What a score is: formulas, scorers of scikit-learn, and the thresholds that decide."""
