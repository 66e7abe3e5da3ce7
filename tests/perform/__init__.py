"""What performing promises."""
