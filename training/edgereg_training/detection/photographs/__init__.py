"""Photographs for head detection: labelled pictures, cut-out people, and how both are prepared."""
