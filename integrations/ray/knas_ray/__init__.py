"""Runs a search of the knas program as Ray tasks.

This package plans nothing and merges nothing of its own: ``knas`` decides what is scored, scores it and
merges the parts. What happens here is that work is moved to where there are free processors, and that
it is done again where a machine or a process was lost.
"""

__version__ = "0.1.0"
