"""The EBM paper's one-dimensional problems (Fig. 2), and fast training of its tiny network."""
