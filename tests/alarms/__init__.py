"""Tests of alarms that the gateway raises by itself."""
