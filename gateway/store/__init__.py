"""The database: every statement stands beside the one function that runs it; no ``Record`` leaves here."""
