"""Probes of the node family; see runbookctl.probes."""
