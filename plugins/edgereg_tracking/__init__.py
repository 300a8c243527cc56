"""Single-object tracking: whatever a user points at is followed through the clip."""
