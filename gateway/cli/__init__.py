"""The ``postgate`` command: one module per verb, mounted in ``main``."""
