"""Training of edgereg's models: rendered data, recipes, the training loop, methods, evaluation."""
