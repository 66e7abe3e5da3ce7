"""Alive, one person, agreed: a Take becomes an Enrollment."""
