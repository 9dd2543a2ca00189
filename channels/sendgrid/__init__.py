"""What SendGrid sends and takes; the adapter itself is ``channels.providers.sendgrid``."""
