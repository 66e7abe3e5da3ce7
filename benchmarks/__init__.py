"""What we claim, measured: one script per claim."""
