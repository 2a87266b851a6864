"""When things are due, and what is told then. Pure."""
