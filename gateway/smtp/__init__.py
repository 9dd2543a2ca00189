"""The SMTP listener: takes mail for the mailboxes of connections of the provider ``smtp``."""
