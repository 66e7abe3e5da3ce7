"""From face to film: the whole story, in small."""
