"""Messaging providers as pure functions: bytes in, values out.

Nothing here does I/O, reads a clock or knows the gateway. A provider is one module in
``channels.providers`` that offers an ``Adapter`` (see ``channels.adapter``).
"""
