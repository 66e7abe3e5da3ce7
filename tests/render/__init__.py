"""What render promises."""
