"""Handing a session on: a bounded, deterministic briefing for whoever continues the work.

``summary.summarize`` reads one session, ``merge.merge`` unites several, ``formats`` shows the result. Nothing here
reads a file, a clock or the environment, and the same input gives the same bytes.
"""
