"""Tests that need the evaluation data beside the project."""
