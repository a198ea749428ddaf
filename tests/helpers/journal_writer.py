"""Keeps outcomes in a journal and says each one that is kept, until it is killed.

python -m tests.helpers.journal_writer FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from coordinator_app.secrets.demo_file import DemoFileStore
from coordinator_app.secrets.journal import open_journal
from tests.helpers.fake_data import PRACTICE
from tests.helpers.fake_services import a_wrap_up


def main(folder: Path) -> None:
    """Write for ever: three kept, the oldest confirmed, so that the file shrinks, too."""
    journal = open_journal(folder / "journal", "person", DemoFileStore(folder, PRACTICE)).journal
    kept = []
    while True:
        kept.append(a_wrap_up())
        journal.put(kept[-1])
        sys.stdout.write(f"+{kept[-1].op_id}\n")
        sys.stdout.flush()
        if len(kept) > 3:
            oldest = kept.pop(0)
            sys.stdout.write(f"-{oldest.op_id}\n")
            sys.stdout.flush()
            journal.done(oldest.op_id)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
