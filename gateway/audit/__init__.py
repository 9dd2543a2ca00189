"""Who reads and changes personal data, written down: always, for every request, where nobody can forget it."""
