"""The Postgate server: everything that does I/O."""
