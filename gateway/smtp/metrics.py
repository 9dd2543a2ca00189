"""What the listener counts, for ``/metrics``."""

from prometheus_client import Counter, Gauge

CONNECTIONS = Gauge("postgate_smtp_connections", "Open SMTP connections.")
TURNED_AWAY = Counter("postgate_smtp_turned_away_total", "SMTP connections closed at once: too many.")
LOGINS = Counter("postgate_smtp_logins_total", "SMTP logins.", ["result"])
RECIPIENTS = Counter("postgate_smtp_recipients_total", "Recipients named to the listener, by reply code.", ["code"])
MAILS = Counter("postgate_smtp_mails_total", "Mails sent to the listener, by reply code.", ["code"])
