"""Depth of rooms: a map of metres from one picture, rendered rooms or NYUD2-DIR."""
