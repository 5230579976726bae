"""Measurements as ratios to a reference timed in the same run; ``python -m bench`` prints the table."""
