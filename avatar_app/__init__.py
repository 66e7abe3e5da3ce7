"""Avatar App: a talking avatar of yourself, and of nobody else, on your computer."""

__version__ = "0.1.0"
