"""The arena's words as frozen values and pure functions. Standard library and Pydantic only."""
