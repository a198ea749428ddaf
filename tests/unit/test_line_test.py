"""What is said of a measured line: never more than what was measured, always what to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator_app.domain.ear import EarKind, MyEar, SoftphoneToken, endpoint_of
from coordinator_app.domain.line_test import (
    LineFinding,
    LineProbe,
    Part,
    RoundTrips,
    Verdict,
    judge_carrier,
    judge_database,
    judge_line,
    judge_microphone,
    judge_network,
    judge_own_phone,
    judge_speaker,
    support_text,
    worst,
)
from coordinator_app.domain.practice import LineHealth
from coordinator_app.errors import RefusedError

NOW = datetime(2027, 3, 1, 15, 0, tzinfo=UTC)
EAR = MyEar(EarKind.SOFTPHONE, "", False, True, "+16175550100")
LINE = LineHealth("ok", False, NOW, "The phone line is ready.", round_trip_ms=84)
PROBE = LineProbe(NOW, "18.6", 18, "0.1.0", "TLSv1.3", LINE, EAR)


@pytest.mark.parametrize(
    ("answered", "lost", "state", "words"),
    [
        ([30.0] * 15, 0, Verdict.OK, "Nothing lost"),
        ([30.0] * 24, 1, Verdict.ATTENTION, "loses 4 % of what is sent"),
        ([30.0] * 14, 1, Verdict.BAD, "loses 7 %"),
        ([], 15, Verdict.BAD, "did not answer"),
        ([400.0] * 15, 0, Verdict.ATTENTION, "slow"),
        ([1500.0] * 15, 0, Verdict.BAD, "very slow"),
        ([30.0] * 14 + [2000.0], 0, Verdict.ATTENTION, "unsteady"),
    ],
)
def test_the_network_is_judged_with_advice(
    answered: list[float], lost: int, state: Verdict, words: str
) -> None:
    finding = judge_network(RoundTrips(tuple(answered), lost))
    assert finding.state is state
    assert words in finding.sentence
    if state is not Verdict.OK:
        assert any(help_ in finding.sentence for help_ in ("cable", "Check the internet"))


@given(
    answered=st.lists(st.floats(0.1, 60_000), max_size=40),
    lost=st.integers(0, 40),
)
def test_property_a_worse_line_is_never_judged_better(answered: list[float], lost: int) -> None:
    order = [Verdict.OK, Verdict.ATTENTION, Verdict.BAD]
    one = judge_network(RoundTrips(tuple(answered), lost))
    other = judge_network(RoundTrips(tuple(answered), lost + 1))
    assert order.index(other.state) >= min(order.index(one.state), 1)
    assert 0 < len(one.sentence) <= 400


def test_the_phone_line_is_told_with_its_time_and_the_carriers_answer() -> None:
    good = judge_line(LINE, "Today 9:00 AM")
    assert (good.state, "84 ms" in good.sentence) == (Verdict.OK, True)
    slow = judge_line(replace(LINE, state="slow", sentence="It answers slowly."), "")
    assert (slow.state, "your side" in slow.sentence) == (Verdict.ATTENTION, True)
    down = judge_line(replace(LINE, state="down", sentence="It is away."), "today 9:00 AM")
    assert down.state is Verdict.BAD
    assert "Since today 9:00 AM." in down.sentence


@pytest.mark.parametrize(
    ("skew", "tls", "encrypted", "state", "words"),
    [
        (0, "TLSv1.3", True, Verdict.OK, "encrypted with TLSv1.3"),
        (0, "", False, Verdict.OK, "on this computer"),
        (0, "", True, Verdict.BAD, "not encrypted"),
        (75, "TLSv1.3", True, Verdict.ATTENTION, "75 seconds ahead"),
        (-300, "TLSv1.3", True, Verdict.ATTENTION, "5 minutes behind"),
        (-14_400, "TLSv1.3", True, Verdict.ATTENTION, "4 hours behind"),
    ],
)
def test_the_database_is_judged(
    skew: int, tls: str, encrypted: bool, state: Verdict, words: str
) -> None:
    finding = judge_database(
        replace(PROBE, tls=tls), encrypted=encrypted, skew=timedelta(seconds=skew), version="0.1.0"
    )
    assert finding.state is state
    assert words in finding.sentence


def test_the_ear_is_judged() -> None:
    assert judge_microphone(0.0).state is Verdict.BAD
    assert judge_microphone(0.3).state is Verdict.OK
    assert judge_speaker(heard=False).state is Verdict.BAD
    assert judge_own_phone(heard=True).state is Verdict.OK
    assert judge_own_phone(heard=False, sentence="It was busy.").sentence == "It was busy."
    assert "voicemail" in judge_own_phone(heard=False).sentence
    assert judge_carrier(signed_in=False, edge="").state is Verdict.BAD
    assert "ashburn" in judge_carrier(signed_in=True, edge="ashburn").sentence
    poor = judge_carrier(signed_in=True, edge="ashburn", mos=2.1, loss=6, rtt_ms=300)
    assert poor.state is Verdict.ATTENTION
    assert judge_carrier(signed_in=True, edge="x", mos=4.3, loss=0.2, rtt_ms=60).state is Verdict.OK


def test_the_text_for_support_has_every_line_and_the_worst_is_found() -> None:
    lines = (
        LineFinding(Part.EAR, Verdict.OK, "Good."),
        LineFinding(Part.NETWORK, Verdict.BAD, "Use a cable."),
        LineFinding(Part.LINE, Verdict.ATTENTION, "Slow."),
    )
    text = support_text(lines, "2027-03-01 15:00 UTC", "0.1.0", "Linux")
    assert text.splitlines() == [
        "Care Coordinator 0.1.0 line test, 2027-03-01 15:00 UTC",
        "Linux",
        "Microphone or phone: ok – Good.",
        "Connection to the practice: BAD – Use a cable.",
        "Phone line: ATTENTION – Slow.",
    ]
    assert worst(lines) is Verdict.BAD
    assert worst(()) is Verdict.OK


@pytest.mark.parametrize("typed", ["", "911", "988", "(900) 555-1234", "1", "+4420", "x" * 300])
def test_what_is_no_phone_of_ones_own_is_refused_with_a_sentence(typed: str) -> None:
    with pytest.raises(RefusedError) as said:
        endpoint_of(EarKind.PHONE, typed)
    assert said.value.sentence.endswith(".")


def test_the_three_ears_have_their_form() -> None:
    assert endpoint_of(EarKind.SOFTPHONE, "whatever") == "client"
    assert endpoint_of(EarKind.PHONE, " 617.555.9001 ") == "+16175559001"
    sip = "sip:maya@phones.example.com:5061;transport=tls"
    assert endpoint_of(EarKind.SIP, f" {sip} ") == sip


def test_a_token_is_shown_by_no_repr() -> None:
    assert "secret.part" not in repr(SoftphoneToken("secret.part", "me", 600, False))
