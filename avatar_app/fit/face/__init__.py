"""One person's face: from footage to a mouth that is drawn from sound."""
