"""Write readings.json of every recording anew. Run by hand, then look at each difference: the file is the expectation."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from k8s_reading import RECORDINGS, recorded


def main() -> None:
    """Write one file per folder."""
    for folder in sorted(path for path in RECORDINGS.iterdir() if path.is_dir()):
        text = json.dumps(recorded(folder), indent=1, ensure_ascii=False, sort_keys=True)
        (folder / "readings.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
