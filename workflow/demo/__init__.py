"""The demo company: a year of events, replayed (see replay.py)."""
