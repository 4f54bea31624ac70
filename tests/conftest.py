"""Settings of the whole suite."""

import signal

from hypothesis import settings

# The machine decides how long an example takes. A change is tested with the same examples each time, so that a failure
# is the change's; `thorough` looks for what they miss, and prints how to see each failure again.
settings.register_profile("boltir", deadline=None, print_blob=True, derandomize=True)
settings.register_profile("thorough", settings.get_profile("boltir"), derandomize=False, max_examples=3000)
settings.load_profile("boltir")

# A shell without job control starts background jobs that ignore SIGINT, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
