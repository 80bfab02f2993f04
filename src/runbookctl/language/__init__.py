"""The runbook language: loader, model, expressions, schema, recorded tests.

Pure: reads runbook files and nothing else; no evidence is collected here.
"""
