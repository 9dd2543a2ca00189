"""Whatever bytes come, every parser reads or refuses them, and none takes long: ``make fuzz`` tries many more."""
