"""The vault room, tested."""
