"""Findings on an issue and its compiled form; one module per family of checks."""
