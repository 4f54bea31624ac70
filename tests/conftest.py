"""Settings of the whole suite."""

from hypothesis import settings

# The machine decides how long an example takes; a seed is printed with every failure.
settings.register_profile("boltir", deadline=None, print_blob=True)
settings.load_profile("boltir")
