"""Changes to GPUs of a node."""
