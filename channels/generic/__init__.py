"""The generic channel: any system that can sign JSON. The provider's module is ``channels.providers.generic``."""
