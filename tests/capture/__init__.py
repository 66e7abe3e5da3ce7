"""The capture room, tested."""
