"""Settings of the whole suite."""

import signal

from hypothesis import settings

# The machine decides how long an example takes; a seed is printed with every failure.
settings.register_profile("boltir", deadline=None, print_blob=True)
settings.register_profile("thorough", settings.get_profile("boltir"), max_examples=3000)
settings.load_profile("boltir")

# A shell without job control starts background jobs that ignore SIGINT, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
