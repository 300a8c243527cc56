"""Single-object tracking: rendered motion, data sets of sequences, the network, its measures."""
