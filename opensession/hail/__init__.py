"""HAIL, the Human-AI Interaction Log: the model of a session and its JSON Lines form.

The full form ``hail-1.0.0`` is what we write; every shape known in the wild is read (see ``read``).
"""
