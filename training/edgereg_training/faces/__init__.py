"""Faces: one network that learns pose, landmarks and age together, from photographs too."""
