"""Probes of the k8s family; see runbookctl.probes."""
