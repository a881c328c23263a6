"""The same transfer as scikit-learn estimators."""
