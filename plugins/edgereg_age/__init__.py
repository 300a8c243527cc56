"""Age for edgereg: how old a face looks, in years, with how sure that is."""
