"""Many sources side by side, for weeks, watched from a browser (extra `serve`)."""
