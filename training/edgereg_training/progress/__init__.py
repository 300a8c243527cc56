"""How far an activity has come: a number of the whole clip, told at every moment of it."""
