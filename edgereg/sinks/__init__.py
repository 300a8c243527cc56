"""Where results go: tables, annotated video, or a caller's own sink."""
