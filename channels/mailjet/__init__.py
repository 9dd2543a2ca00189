"""What Mailjet sends and takes; the adapter itself is ``channels.providers.mailjet``."""
