"""Identities: which box of a frame is whose, through the clip."""
