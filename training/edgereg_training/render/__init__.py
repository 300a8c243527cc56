"""Rendered heads and scenes with exact labels, for training and for tests."""
