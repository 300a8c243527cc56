"""Head detection in whole frames."""
