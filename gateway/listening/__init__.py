"""Receiving events on a developer's machine: over the websocket, and on to a program there."""
