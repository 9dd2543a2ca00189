"""What Amazon SES sends and takes; the adapter itself is ``channels.providers.ses``."""
