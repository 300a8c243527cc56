"""Depth for edgereg: how far away everything in a picture of a room is."""
