"""Small networks learn one person: an Enrollment becomes an Avatar."""
