"""`edgereg plugin check`: a plugin tried in a process of its own, every finding with its mend."""
