"""Hyperparameter optimization: search spaces, studies, runs and their results."""
