"""Calls to the world outside: under a guard that keeps them out of the networks inside."""
