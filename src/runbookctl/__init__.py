"""Turn an incident into evidence, findings, causes and remediations, and those into a postmortem."""

__version__ = "0.1.0"
