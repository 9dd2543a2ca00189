"""The log, live: websockets, event streams and pages; nothing is written here, and nothing is lost."""
