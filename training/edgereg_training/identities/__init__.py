"""Numbered heads of crowds: rendered ones, folders of sequences, and the measures of identities."""
