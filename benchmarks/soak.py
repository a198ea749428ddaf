"""Many calls by many coordinators under random faults, in virtual time; every call accounted for.

``python -m benchmarks.soak [--calls N] [--coordinators N] [--seeds 1,2,3]``. Prints what became of
the calls, which faults there were, how much faster than the world it ran, and what one call costs
against an undisturbed one of the same program. Ends with 1 when a call is not accounted for.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.helpers.soak import Soak


def main() -> int:
    """Play all seeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--coordinators", type=int, default=20)
    parser.add_argument("--seeds", default="1,2,3")
    options = parser.parse_args()
    logging.disable(logging.CRITICAL)  # what goes wrong on purpose
    calm = _cost(Soak(options.calls, options.coordinators, 1, calm=True))
    print(f"undisturbed: {calm * 1000:.1f} ms of processor a call")
    failed = False
    for seed in map(int, options.seeds.split(",")):
        soak = Soak(options.calls, options.coordinators, seed)
        began = time.perf_counter()
        cost = _cost(soak)
        wall = time.perf_counter() - began
        accounts = soak.accounts
        print(f"\nseed {seed}: {accounts.calls} calls, {accounts.virtual_s:.0f} s of the world")
        print(f"  {accounts.virtual_s / wall:.0f} times as fast as the world", end="; ")
        print(f"a call costs {cost / calm:.2f} of an undisturbed one")
        print("  ends:  ", ", ".join(f"{k} {n}" for k, n in accounts.ends.most_common()))
        print("  faults:", ", ".join(f"{k} {n}" for k, n in accounts.faults.most_common()))
        print("  not accounted for:", len(accounts.wrong), *accounts.wrong[:5])
        failed = failed or bool(accounts.wrong) or accounts.calls != options.calls
    return int(failed)


def _cost(soak: Soak) -> float:
    began = time.process_time()
    accounts = soak.run_all()
    return (time.process_time() - began) / accounts.calls


if __name__ == "__main__":
    sys.exit(main())
