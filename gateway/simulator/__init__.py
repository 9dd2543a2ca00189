"""The provider simulator: a server that speaks the send APIs of some providers, for tests, the demo and trying out.

It takes messages as the providers would, calls back with signed webhooks on what became of them, and lets the customer
answer. It can be told to misbehave.
"""
