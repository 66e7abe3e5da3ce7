"""Sealed names and bytes; it never learns what a face is."""
