"""Volume and prompts to Mask: `gist_imaging.segment(volume, prompts)`, and the modules that it is made of.

The public function has the package's name. Python binds a package to its parent's attribute of that name as
soon as any module inside is imported, so a function there would be lost; therefore the package itself can be
called (https://docs.python.org/3/reference/datamodel.html#customizing-module-attribute-access).
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gist_imaging.segment.prompts import Prompt, PromptLog
    from gist_imaging.spatial import Mask, Volume


class _Segment(ModuleType):
    def __call__(
        self,
        volume: Volume,
        prompts: PromptLog | Iterable[Prompt],
        method: str | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Mask:
        """Return the mask that `prompts` give on `volume`; `gist_imaging.segment.methods.segment`."""
        from gist_imaging.segment.methods import segment

        return segment(volume, prompts, method, progress=progress, cancelled=cancelled)


sys.modules[__name__].__class__ = _Segment
