"""Rendered rooms, furniture and people, with the depth of every pixel."""
