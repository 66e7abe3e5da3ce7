"""The avatar speaks and moves: a Lesson becomes a Performance."""
