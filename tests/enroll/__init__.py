"""Tests of the room in which a take becomes an enrollment."""
