"""Personal data in texts: found, told how sure that is, and masked. Pure: texts in, places out; no I/O, no clock."""
