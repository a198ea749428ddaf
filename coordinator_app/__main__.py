"""``python -m coordinator_app`` opens the window: the one import of this package that looks up."""

from __future__ import annotations

import sys

from ui.app import main

if __name__ == "__main__":
    sys.exit(main())
