"""Everything that CI checks, one step after the other; started by ./check.

./check                    all steps; stops at the first that fails
./check --coverage         the same with the floor of coverage: a seventh slower, so CI does without
./check PATH... [OPTION]   only these tests (files, folders, node ids; pytest's options)
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORKERS = str(max(2, min(os.cpu_count() or 2, 8)))
# In the order of tests/conftest.py, long files first; by itself xdist sorts by the number of tests.
PYTEST = ["-m", "pytest", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]
PYTEST += ["--hypothesis-profile", "steady"]  # tests/conftest.py
STEPS = {
    "format": ["-m", "ruff", "format", "--check", "."],
    "lint": ["-m", "ruff", "check", "."],
    "types": ["-m", "mypy"],
    "layers": ["-c", "from importlinter.cli import lint_imports_command as main; main()"],
    "tests": PYTEST,
}


def main(arguments: list[str]) -> int:
    os.environ.setdefault("FORCE_COLOR" if sys.stdout.isatty() else "NO_COLOR", "1")
    if arguments == ["--coverage"]:
        STEPS["tests"] = [*PYTEST, "--cov", "--cov-report=term"]
    elif arguments:
        return run([*PYTEST, *(absolute(argument) for argument in arguments)])
    times: dict[str, str] = {}
    code = 0
    for name, step in STEPS.items():
        if code:
            times[name] = "not run"
            continue
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        code = run(step)
        times[name] = f"{'FAILED' if code else 'ok'} in {time.monotonic() - started:.1f} s"
    print("\n== summary")
    for name, result in times.items():
        print(f"{name:8} {result}")
    return code


def run(step: list[str]) -> int:
    return subprocess.run([sys.executable, *step], cwd=ROOT, check=False).returncode


def absolute(argument: str) -> str:
    """Return a path that the caller's folder gives a meaning as one that any folder understands."""
    path, colons, rest = argument.partition("::")
    return f"{Path(path).resolve()}{colons}{rest}" if Path(path).exists() else argument


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
