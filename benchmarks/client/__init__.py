"""The client of all measurements: written by hand on bare transports, so that it is not what limits them."""
