"""Tests of what is known about people's logins."""
