"""Pictures of a season as PNG: facts in, bytes out. matplotlib is loaded with the first picture only."""
