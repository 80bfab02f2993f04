"""The engine: plan, collect, judge, conclude, propose.

Only `collect` sends, through the connectors that its caller hands it; everything after it reads evidence that was
stored, so that a verdict is a function of the journal.
"""
