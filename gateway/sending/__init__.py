"""Sending: workers that take what agents wrote from the queue, and hand it to its provider once."""
