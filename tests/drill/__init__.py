"""The fire drill: a gateway of several processes under load, while its parts are killed, stopped and paused by a plan.

``make drill`` runs it; docs/drill.md tells what it does and how to read its report.
"""
