"""Progress for edgereg: how far an activity has come."""
