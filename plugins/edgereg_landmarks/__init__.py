"""Facial landmarks for edgereg: the 68 points of iBUG and 300-W on every head."""
