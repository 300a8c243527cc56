"""The desktop window. The only part of edgereg that imports Qt."""
