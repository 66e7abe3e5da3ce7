"""What the weights room promises."""
