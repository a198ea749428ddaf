"""What the program needs from the outside world, as Protocols; one module an idea.

Adapters live in ``db``, ``calls`` and ``secrets``; tests and nobody else use fakes of
these. ``bootstrap`` is the only module that chooses.
"""

from coordinator_app.ports.clock import Clock
from coordinator_app.ports.ear import Ear
from coordinator_app.ports.gateway import CallStore
from coordinator_app.ports.keeping import Journal, SecretStore
from coordinator_app.ports.line_setup import LineRecords, LineStore
from coordinator_app.ports.live import LiveCalls
from coordinator_app.ports.phone import Phones
from coordinator_app.ports.practice import Connector, PracticeDatabase
from coordinator_app.ports.privacy import PrivacyRecords
from coordinator_app.ports.recording import PlaybackKey, RecordingDatabase
from coordinator_app.ports.returns import ReturnCalls

__all__ = [
    "CallStore",
    "Clock",
    "Connector",
    "Ear",
    "Journal",
    "LineRecords",
    "LineStore",
    "LiveCalls",
    "Phones",
    "PlaybackKey",
    "PracticeDatabase",
    "PrivacyRecords",
    "RecordingDatabase",
    "ReturnCalls",
    "SecretStore",
]
