"""Sessions in git: ids, bytes and paths. What a session means is the concern of the floor above."""
