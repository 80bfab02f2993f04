"""Probes of the serving family; see runbookctl.probes."""
