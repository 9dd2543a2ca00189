"""E-mail as values: raw bytes of a stranger in, what they mean out.

One pipeline for every way a mail can arrive (SMTP listener, a provider's webhook). Nothing here
trusts its input: every step is bounded by ``limits`` and linear in the size of the mail, and no
step raises on what a sender wrote. The original is kept elsewhere; this is a reading of it.
"""
