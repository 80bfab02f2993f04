"""Probes of GPUs and of the NVIDIA driver."""
