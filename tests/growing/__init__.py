"""Growing: what is moved aside and removed, and a database that is saved and put back."""
