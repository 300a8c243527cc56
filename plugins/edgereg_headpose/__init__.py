"""Head pose for edgereg: yaw, pitch and roll of every head that a detection task finds."""
