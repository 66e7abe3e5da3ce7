"""What we measure by is measured too."""
