"""The commands of the training package; their modules import only click at their top."""
