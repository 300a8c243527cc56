"""edgereg: deep visual regression on video, with the predicted density and its refinement."""

__version__ = "0.1.0"
