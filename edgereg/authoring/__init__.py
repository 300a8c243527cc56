"""What plugin authors need: a package to begin with."""
