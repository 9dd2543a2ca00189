"""What is counted of files, for ``/metrics``."""

from prometheus_client import Counter

FETCHED = Counter("postgate_files_fetched_total", "Files that messages point at, by outcome.", ["provider", "state"])
REMOVED = Counter("postgate_files_removed_total", "Files that no message had when their time was over.")
