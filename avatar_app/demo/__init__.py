"""A drawn presenter who stands in where there is no camera, marked DEMO everywhere."""
