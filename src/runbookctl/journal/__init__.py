"""The journal: what was done, kept so that it can be trusted; evidence bodies beside it, redacted.

Nothing outside this package imports sqlite3. Begin with `interface` (what a journal does) and `open` (where it lies).
"""
