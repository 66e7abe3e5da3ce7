"""What the author writes: words, slides and timing."""
