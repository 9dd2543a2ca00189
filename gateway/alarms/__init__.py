"""Alarms that the gateway raises by itself: connections that are silent all of a sudden, and logins that end."""
