"""What fitting promises."""
