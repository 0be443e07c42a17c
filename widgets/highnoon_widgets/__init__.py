"""Jupyter widgets of HighNoon."""
