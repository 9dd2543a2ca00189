"""Infobip: what a webhook means, and how to send. The provider's module is ``channels.providers.infobip``."""
