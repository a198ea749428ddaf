"""The engine's times and limits (telephony.md 1.2 "Cadence", 4.3)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """Seconds, unless a name says otherwise. The defaults are for a real carrier."""

    calls_per_second: float | None = 1.0  # the account's limit; None: none
    requests_at_once: int = 8  # granted calls taken from the database and not yet sent
    poll_ringing: float = 1.0  # while queued or ringing, and from a hang-up to the end
    poll_live: float = 2.0
    locate_every: float = 1.5
    carrier_buffer: float = 5.0  # what the carrier adds to the ring timeout
    lost_margin: float = 60.0  # on top, before a lost call is given up
    lost_again: float = 30.0  # and longer, when just then nobody answers
    #: From Dial to the request at the carrier, at the latest: one's own phone (120), the permit
    #: (60), the carrier's turn (20), and a carrier that does not answer about the phone (30).
    dial_within: float = 240.0
    clock_skew: float = 10.0  # between this computer and the carrier
    ringing_overdue: float = 30.0  # beyond timeout and buffer: cancel it ourselves
    live_overdue: float = 30.0  # beyond the time limit: end it ourselves
    agent_ring: float = 30.0  # for the coordinator to answer their own phone
    agent_appears: float = 3.0  # for a new leg to show in the carrier's lists
    agent_heard: float = 45.0  # for a coordinator on the line to press "I hear you"
    agent_poll: float = 5.0  # of a leg that is up and heard
    agent_rejoin: float = 15.0  # for a lost coordinator to come back to a live patient
    agent_heard_again: float = 15.0  # and then to say that they are there
    agent_idle: float = 1800.0  # without a call, then the coordinator's leg is let go
    wait_for_turn: float = 20.0  # of "too many requests", then the call is given back
    vanished: float = 30.0  # of "no such call", then it is unresolved
    hang_up_again: float = 3.0  # a hang-up without an effect is repeated
    room_overdue: float = 43_200.0  # a room this old that nobody knows is ended
    sweep_every: float = 3_600.0
    probe_every: float = 15.0  # of a line that is not well
    slow: float = 2.0  # an answer that takes longer makes the line "slow"
    down_after: int = 3  # failures in a row


#: The practice line has no limit and costs nothing: follow it closely.
PRACTICE = EngineSettings(
    calls_per_second=None,
    poll_ringing=0.2,
    poll_live=0.2,
    locate_every=0.5,
    agent_appears=1.0,
    agent_poll=1.0,
    vanished=2.0,
    probe_every=2.0,
)
