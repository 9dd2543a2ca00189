"""Made-up conversations in any number, for scale tests, pictures and benchmarks."""

from gateway.seed.sowing import NoChannel, sow

__all__ = ["NoChannel", "sow"]
