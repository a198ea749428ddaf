"""The page of the queue, read from the top of its lanes, is what sorting all of it would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.helpers.db_practice import Practice

# Every state that an entry can be in, some more than once; scores that repeat, attempts of each.
MIX = """
UPDATE app.queue_entry e SET
    state = m.state, score = 40 + x.n % 4, attempts = x.n / 2 % 2,
    due_at = app.now() + m.due + x.n % 3 * interval '1 minute'
FROM (SELECT q.id, row_number() OVER (ORDER BY q.id)::integer AS n FROM app.queue_entry q) AS x
JOIN (VALUES
    (0, 'ready', NULL), (1, 'ready', NULL),
    (2, 'callback', interval '-1 hour'), (3, 'callback', interval '3 hours'),
    (4, 'waiting', interval '-2 hours'), (5, 'waiting', interval '2 hours'),
    (6, 'closed', NULL), (7, 'held', NULL)
) AS m (n, state, due) ON m.n = x.n % 8
WHERE e.id = x.id
"""
TAKE = """
UPDATE app.queue_entry e SET state = 'claimed', back_state = 'ready', due_at = NULL,
    lease_until = app.now() + %s::interval,
    holder = (SELECT p.id FROM app.person p WHERE p.login = %s)
WHERE e.id = (
    SELECT q.id FROM app.queue_entry q WHERE q.state = 'ready' ORDER BY q.score, q.id LIMIT 1)
"""
# Everything sorted, in words of its own.
ALL_SORTED = """
SELECT e.id::text, e.attempts, e.state = 'callback' AND e.due_at <= app.now()
FROM app.queue_entry e
WHERE e.state NOT IN ('closed', 'held')
ORDER BY e.holder IS DISTINCT FROM (SELECT p.id FROM app.person p WHERE p.login = 'cc_c1'),
    (e.state = 'callback' AND e.due_at <= app.now()) DESC,
    (e.state = 'ready' OR e.state = 'waiting' AND e.due_at <= app.now()
        OR e.state = 'claimed' AND e.lease_until <= app.now()) DESC,
    e.state = 'claimed' DESC, CASE WHEN e.state = 'callback' THEN e.due_at END, e.score DESC, e.id
"""


@pytest.fixture
def mixed(practice: Practice) -> Practice:
    practice.rows(MIX)
    for lease, login in (("1 hour", "cc_c1"), ("1 hour", "cc_c2"), ("-1 hour", "cc_sup")):
        practice.rows(TAKE, lease, login)
    return practice


@pytest.mark.parametrize("which", ["all", "due", "new", "retry"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 200])
def test_a_page_is_the_top_of_the_whole_queue(mixed: Practice, which: str, limit: int) -> None:
    page = mixed.c1.ask("queue", which, "", limit)
    wanted = [
        entry
        for entry, attempts, due in mixed.rows(ALL_SORTED)
        if {"all": True, "due": due, "new": attempts == 0, "retry": attempts > 0}[which]
    ]
    assert wanted
    assert [row["entry_id"] for row in page["rows"]] == wanted[:limit]
    assert page["counts"][which] == len(wanted)


def test_a_campaign_that_rests_is_not_in_the_page(mixed: Practice) -> None:
    mixed.rows("UPDATE app.campaign SET status = 'paused'")
    page = mixed.c1.ask("queue", "all", "", 200)
    assert page["rows"] == []
    assert page["counts"] == {"all": 0, "due": 0, "new": 0, "retry": 0}
