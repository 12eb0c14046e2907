"""How hypothesis looks for counterexamples: the same ones every time, or new ones when asked."""

from __future__ import annotations

import os

from hypothesis import settings

# The test command gives one answer for one state of the code. HYPOTHESIS_PROFILE=explore looks further.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))
