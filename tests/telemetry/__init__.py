"""What the gateway tells of itself: traces, log lines, measurements, and what operators make of them."""
