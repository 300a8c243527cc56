"""Results on their way to other programs and into files, as they come."""
