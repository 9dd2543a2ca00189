"""Sample messages: signed webhooks as the real providers would post them, and who posts them at what pace."""
