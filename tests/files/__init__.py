"""Tests of files: taken in, looked at, stored, fetched and handed out."""
