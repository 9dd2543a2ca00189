"""What calls to the outside come to, for ``/metrics``."""

from prometheus_client import Counter

CALLS = Counter(
    "postgate_outgoing_calls_total", "Calls to providers: class of the status, or why none came.", ["outcome"]
)
MAILS = Counter(
    "postgate_outgoing_mails_total", "Mails handed to mail servers: class of the reply, or why none came.", ["outcome"]
)
