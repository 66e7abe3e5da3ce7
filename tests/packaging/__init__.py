"""What the installation promises."""
