"""Makes pytest run the rule pages; it stands here so that `pytest rules/OPT101-….md` works too."""

import os
import signal

from hypothesis import settings

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background; what tests start inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)

os.environ.setdefault("OMP_NUM_THREADS", "1")  # models in tests are tiny: more threads only get in each other's way
settings.register_profile("usual", deadline=None)  # how long an example takes says how busy the machine is
settings.register_profile("long", max_examples=5_000, deadline=None)
settings.load_profile("usual")

pytest_plugins = ["pytester", "tests.pages.plugin"]
