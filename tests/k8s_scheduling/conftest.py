"""Makes the shared part of this room's tests importable under the import mode of the suite."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
