"""What runs in processes of its own: the client, the bare programs, and variants of the gateway."""
