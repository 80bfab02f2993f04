"""Probes of the metrics family; see runbookctl.probes."""
