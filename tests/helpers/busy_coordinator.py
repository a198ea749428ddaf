"""A coordinator who works and may be killed at any moment, as a program of its own.

python -m tests.helpers.busy_coordinator SEED JOURNAL

The connection string comes in as a line on stdin, another one after each restart of the server;
"stop" ends the work after the patient at hand. What is sent is in the journal before it is sent, as
with the real program; each answer is a line there and on stdout.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from tests.helpers.own_phone import press

# Somebody was faster: nothing is wrong, the next one.
FASTER = {"QC010", "QC011", "QC014", "QC020", "QC022", "QC030", "QC031", "QC033"}


class Lines:
    """Lines of stdin; whether there is one is known without waiting for it."""

    def __init__(self) -> None:
        self._rest = b""

    def is_there(self) -> bool:
        return b"\n" in self._rest or bool(select.select([0], [], [], 0)[0])

    def next(self) -> str:
        while b"\n" not in self._rest:
            more = os.read(0, 4096)
            if not more:
                return "stop"
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return line.decode()


class Journal:
    """What was sent and what was answered; survives its writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, **entry: object) -> None:
        os.write(self._file, (json.dumps(entry) + "\n").encode())

    def open_asks(self) -> list[dict[str, Any]]:
        entries = [json.loads(line) for line in self._path.read_text("utf-8").splitlines()]
        answered = {entry["ack"] for entry in entries if "ack" in entry}
        return [entry for entry in entries if "op" in entry and entry["op"] not in answered]


class Coordinator:
    """One person's work: claim, dial, wait for the answer, record what came of it."""

    def __init__(self, connection: psycopg.Connection[Any], chance: random.Random) -> None:
        self._connection = connection
        self._chance = chance
        self._place: tuple[str, str] = ("", "")

    def ask(self, function: str, *values: object) -> Any:
        marks = ", ".join(["%s"] * len(values))
        row = self._connection.execute(f"SELECT api.{function}({marks})".encode(), values)
        found = row.fetchone()
        return found[0] if found else None

    def begin(self, journal: Journal) -> None:
        """Sign in; what the predecessor left comes first."""
        signed_in = self.ask("sign_in", "0.1.0", "test")
        person = signed_in["person"]["id"].replace("-", "")
        practice = signed_in["practice"]
        self._place = practice["practitioners"][0]["id"], practice["visit_types"][0]["id"]
        self._connection.execute(f"LISTEN cc_person_{person}".encode())
        for ask in journal.open_asks():
            self.send(ask, journal)
        card = self.ask("sign_in", "0.1.0", "test")["held"]
        if card and card["call"]:
            self.finish(card, card["call"], journal)

    def work(self, journal: Journal) -> None:
        """One patient from the claim to the outcome."""
        card = self.ask("claim_next", uuid.uuid4())["card"]
        if card is None:
            return
        call = self.ask(
            "request_call", card["entry_id"], card["fence"], card["phones"][0]["id"], uuid.uuid4()
        )
        if "refused" not in call:
            self.finish(card, call, journal)

    def finish(self, card: dict[str, Any], call: dict[str, Any], journal: Journal) -> None:
        while call["answered_at"] is None and call["state"] != "ended":
            list(self._connection.notifies(timeout=0.2, stop_after=1))
            if call["state"] == "requested":
                press(self._connection)  # once a shift
            call = self.ask("call", call["id"])
        outcome, details = "NO_ANSWER", {}
        if call["answered_at"] is not None and self._chance.random() < 0.5:
            slot = (*self._slot(), uuid.uuid4())
            try:
                hold = self.ask("hold_slot", card["entry_id"], card["fence"], *slot)
                outcome, details = "BOOKED", {"hold_id": hold["id"]}
            except psycopg.Error as error:
                if error.sqlstate not in FASTER:
                    raise
        ask = {
            "op": str(uuid.uuid4()),
            "call": call["id"],
            "entry": card["entry_id"],
            "fence": card["fence"],
            "outcome": outcome,
            "details": details,
        }
        journal.write(**ask)
        self.send(ask, journal)

    def send(self, ask: dict[str, Any], journal: Journal) -> None:
        """Send it, perhaps again; what the database refuses for good is answered, too."""
        values = (ask["call"], ask["entry"], ask["fence"], ask["outcome"], Jsonb(ask["details"]))
        try:
            answer = self.ask("finish", *values, ask["op"], False)["recorded"]["result"]
        except psycopg.Error as error:
            if error.sqlstate not in FASTER:
                raise
            # The time was lost to somebody else: recorded as what it now is.
            journal.write(ack=ask["op"], result=error.sqlstate)
            again = ask | {"op": str(uuid.uuid4()), "outcome": "NO_ANSWER", "details": {}}
            journal.write(**again)
            self.send(again, journal)
            return
        journal.write(ack=ask["op"], result=answer)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()

    def _slot(self) -> tuple[str, str, datetime]:
        """Some time on one of three days: few enough to be wanted by others, too."""
        first = datetime(2027, 3, 2, 13, tzinfo=UTC)  # Tuesday at 8 in Boston
        chosen = timedelta(days=self._chance.randrange(3), minutes=30 * self._chance.randrange(16))
        return (*self._place, first + chosen)


def main(seed: str, journal: Journal) -> None:
    """Work until "stop"; a lost connection waits for the line that names the next one."""
    lines, chance = Lines(), random.Random(seed)
    while (line := lines.next()) != "stop":
        # Lost with the server: asked again on the next connection.
        with (
            contextlib.suppress(psycopg.OperationalError, psycopg.InterfaceError),
            psycopg.connect(line, autocommit=True) as connection,
        ):
            me = Coordinator(connection, chance)
            me.begin(journal)
            while not lines.is_there():
                try:
                    me.work(journal)
                except psycopg.Error as error:
                    if error.sqlstate not in FASTER:
                        raise


if __name__ == "__main__":
    main(sys.argv[1], Journal(Path(sys.argv[2])))
