"""What each tissue of the phantom looks like on CT and on T2-weighted MR.

Values: portal venous Hounsfield units and T2 signal relative to muscle. Viable tumour: Choi et al., J Clin
Oncol 2007;25:1753 (mean 72.8 HU before imatinib). The others are usual textbook values (fat −100, muscle
60, urine near water, cancellous bone 150 to 400 HU).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

__all__ = ["MUSCLE_T2_SIGNAL", "Appearance", "Tissue"]

MUSCLE_T2_SIGNAL = 110.0
"""Signal of muscle on the phantom's T2 images, in arbitrary units."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """How bright one tissue is.

    Parameters
    ----------
    hu : portal venous CT, HU
    t2 : T2-weighted fast spin echo, muscle = 1
    """

    hu: float
    t2: float


class Tissue(Enum):
    """Tissues that are painted; the value is the tissue's appearance."""

    AIR = Appearance(-1000.0, 0.0)
    SKIN = Appearance(25.0, 1.6)
    FAT = Appearance(-100.0, 5.5)
    MUSCLE = Appearance(60.0, 1.0)
    LEVATOR = Appearance(62.0, 0.95)
    CORTICAL_BONE = Appearance(720.0, 0.25)
    CANCELLOUS_BONE = Appearance(210.0, 2.6)
    CARTILAGE = Appearance(95.0, 1.4)
    VESSEL = Appearance(150.0, 0.4)
    MUSCULARIS = Appearance(78.0, 1.5)
    SUBMUCOSA = Appearance(72.0, 4.0)
    INTERNAL_SPHINCTER = Appearance(76.0, 2.2)
    INTERSPHINCTERIC = Appearance(-35.0, 4.6)
    STOOL = Appearance(35.0, 3.4)
    BLADDER_WALL = Appearance(45.0, 1.4)
    URINE = Appearance(8.0, 11.0)
    PROSTATE_CENTRAL = Appearance(72.0, 2.6)
    PROSTATE_PERIPHERAL = Appearance(64.0, 5.0)
    SEMINAL_VESICLE = Appearance(38.0, 7.0)
    ERECTILE = Appearance(88.0, 5.2)
