"""Tests of opensession, in the order of its rooms."""
