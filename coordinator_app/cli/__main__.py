"""``python -m coordinator_app.cli`` is ``coordinator-admin``."""

from __future__ import annotations

import sys

from coordinator_app.cli import main

if __name__ == "__main__":
    sys.exit(main())
