"""One module per provider; each offers an ``ADAPTER``."""
