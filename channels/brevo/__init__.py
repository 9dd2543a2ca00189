"""What Brevo sends and takes; the adapter itself is ``channels.providers.brevo``."""
