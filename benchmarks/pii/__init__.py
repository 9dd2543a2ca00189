"""A labelled set of made-up texts, and how well personal data is found in it."""
