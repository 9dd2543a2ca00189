"""Tests of what the database itself guarantees."""
