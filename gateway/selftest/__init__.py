"""Does a connection work? A signed request of our own goes the way that a provider's webhooks go, and is looked at."""
