"""The EBM paper's detection comparison (section 5.1): new layers on one trained Faster R-CNN."""
