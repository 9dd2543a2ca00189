"""What happens to conversations by itself: they wake, are handed out, and lose labels and teams that are gone."""
