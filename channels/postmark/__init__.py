"""What Postmark sends and takes; the adapter itself is ``channels.providers.postmark``."""
