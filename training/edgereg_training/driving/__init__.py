"""Steering from a car's camera: recorded drives, their split by time, and training on them."""
