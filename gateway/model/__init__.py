"""Values that all features share: ids, entries of the log."""
