"""Camera and microphone, on one clock, become a Take."""
