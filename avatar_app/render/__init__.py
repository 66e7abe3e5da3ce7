"""Composes, marks and exports: a Performance becomes a Film."""
