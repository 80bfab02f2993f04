"""Probes of the catalog family; see runbookctl.probes."""
