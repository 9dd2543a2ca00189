"""The HTTP API, its description, the page, and what operators ask: health and metrics."""
