"""Small real classes that stand in for hardware and the vault."""
