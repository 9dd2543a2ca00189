"""From a provider's webhook to rows and log entries: find the connection, verify, translate, store in groups."""
