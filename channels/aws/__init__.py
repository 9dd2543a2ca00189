"""Requests to Amazon Web Services."""
