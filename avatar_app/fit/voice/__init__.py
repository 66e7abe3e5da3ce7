"""One person's voice: from read sentences to a network and grains that speak."""
