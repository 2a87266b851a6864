"""Pictures of a season as PNG: facts in, bytes out.

The modules that draw load matplotlib, so import them where a picture is made. `look` and `scales` do not.
"""
