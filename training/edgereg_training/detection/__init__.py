"""Head detection: an anchor-free network, an energy over boxes, data, losses, evaluation."""
