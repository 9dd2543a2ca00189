"""What Resend sends and takes; the adapter itself is ``channels.providers.resend``."""
