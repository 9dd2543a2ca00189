"""Ratios between the finished gateway and bare programs that bound it; ``python -m benchmarks`` prints them."""
