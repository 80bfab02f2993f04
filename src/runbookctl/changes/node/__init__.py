"""Changes to a node, through commands on it."""
