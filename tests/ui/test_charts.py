"""Charts: numbers in words and as a table, odd input, and that something is painted."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from ui.theme import Mode, Theme
from ui.widgets.big_charts import Funnel, HeatMap, StackedBars
from ui.widgets.charts import Chart, Kpi, Spark, Table, nice_ceiling, plain_number

pytestmark = pytest.mark.usefixtures("theme")


def bars() -> StackedBars:
    chart = StackedBars("Calls by outcome", [("Booked", "success"), ("Declined", "danger")])
    chart.set_bars([("Mon", (14, 3)), ("Tue", (0, 0)), ("Wed", (20, 0))])
    return chart


def heat() -> HeatMap:
    chart = HeatMap("Answer rate by hour", "%")
    chart.set_cells(["8", "9"], [("Mon", [18, None]), ("Tue", [31, 50])])
    return chart


def funnel() -> Funnel:
    chart = Funnel("Recall funnel")
    chart.set_steps([("On the list", 1840), ("Called", 1312), ("Seen", 0)])
    return chart


def spark() -> Spark:
    chart = Spark("Booked")
    chart.set_points([3, 3, 3])
    chart.set_points([1, 5, 2.5], "success")
    return chart


CHARTS = {"bars": bars, "heat": heat, "funnel": funnel, "spark": spark}
EMPTY: dict[str, Callable[[], Chart]] = {
    "bars": lambda: StackedBars("Calls by outcome", [("Booked", "success")]),
    "heat": lambda: HeatMap("Answer rate", "%"),
    "funnel": lambda: Funnel("Recall funnel"),
    "spark": lambda: Spark("Booked"),
}


@pytest.mark.parametrize("name", CHARTS)
def test_numbers_are_painted_and_follow_the_theme(qtbot: QtBot, theme: Theme, name: str) -> None:
    chart, empty = CHARTS[name](), EMPTY[name]()
    for widget in (chart, empty):
        qtbot.addWidget(widget)
        widget.resize(420, 220)
        widget.show()
    light = chart.grab().toImage()
    assert light != empty.grab().toImage()
    theme.apply(Mode.DARK)
    assert chart.grab().toImage() != light


def test_stacked_bars_as_table_and_in_words(qtbot: QtBot) -> None:
    chart = bars()
    qtbot.addWidget(chart)
    assert chart.as_table() == Table(
        ("Day", "Booked", "Declined"), (("Mon", "14", "3"), ("Tue", "0", "0"), ("Wed", "20", "0"))
    )
    assert chart.accessibleDescription().startswith("Day Mon, Booked 14, Declined 3; ")
    with pytest.raises(ValueError, match="needs 2 values"):
        chart.set_bars([("Mon", (1,))])


def test_heat_map_as_table(qtbot: QtBot) -> None:
    chart = heat()
    qtbot.addWidget(chart)
    assert chart.as_table().rows == (("Mon", "18 %", "–"), ("Tue", "31 %", "50 %"))
    with pytest.raises(ValueError, match="needs 2 cells"):
        chart.set_cells(["8", "9"], [("Mon", [1])])


def test_heat_map_of_equal_numbers_paints(qtbot: QtBot) -> None:
    chart = heat()
    qtbot.addWidget(chart)
    chart.set_cells(["8"], [("Mon", [0])])
    assert not chart.grab().isNull()


def test_funnel_shares_are_of_the_first_step(qtbot: QtBot) -> None:
    chart = funnel()
    qtbot.addWidget(chart)
    assert chart.as_table().rows == (
        ("On the list", "1,840", "100 %"),
        ("Called", "1,312", "71 %"),
        ("Seen", "0", "0 %"),
    )
    chart.set_steps([("On the list", 0), ("Called", 0)])
    assert chart.as_table().rows[1] == ("Called", "0", "–")
    assert not chart.grab().isNull()


def test_spark_keeps_its_numbers(qtbot: QtBot) -> None:
    chart = spark()
    qtbot.addWidget(chart)
    assert chart.as_table().rows == (("1", "1"), ("2", "5"), ("3", "2.5"))


@pytest.mark.parametrize("verdict", ["good", "bad", "neutral"])
@pytest.mark.parametrize("trend", ["up", "down", "flat"])
def test_kpi_says_figure_and_change(qtbot: QtBot, trend: str, verdict: str) -> None:
    kpi = Kpi("Booked this week")
    qtbot.addWidget(kpi)
    assert kpi.figure.text() == "–"
    kpi.set("134", "+18 % vs last week", trend, verdict, [1, 2, 3])  # type: ignore[arg-type]
    assert kpi.accessibleName() == "Booked this week: 134, +18 % vs last week"
    assert "134" in [made.text() for made in kpi.findChildren(QLabel)]
    assert not kpi.grab().isNull()
    kpi.set("0", "", "flat", "neutral")
    assert kpi.accessibleName() == "Booked this week: 0"


@pytest.mark.parametrize(
    ("value", "end"), [(0, 3), (3, 3), (4, 6), (104, 120), (120, 120), (121, 150), (1840, 3000)]
)
def test_axis_ends_on_a_round_number(value: float, end: float) -> None:
    assert nice_ceiling(value) == end


@pytest.mark.parametrize(("value", "text"), [(1840, "1,840"), (4.7, "4.7"), (46.0, "46"), (0, "0")])
def test_numbers_are_plain(value: float, text: str) -> None:
    assert plain_number(value) == text
