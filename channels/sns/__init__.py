"""Amazon SNS: what it posts, and how it proves itself."""
