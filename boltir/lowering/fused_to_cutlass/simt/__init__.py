"""Selectors of boltir's own kernel families, which run on the ordinary cores."""
