"""What Mailgun sends and takes; the adapter itself is ``channels.providers.mailgun``."""
