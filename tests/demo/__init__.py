"""Tests of the drawn presenter."""
