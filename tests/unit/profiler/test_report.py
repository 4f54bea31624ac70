"""The report: what is in it, in which order, and as tables and as a page."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from boltir.profiler.job import Job
from boltir.profiler.key import TuningKey
from boltir.profiler.measurement import Measurement, Status
from boltir.profiler.report import Report, candidate_words, report_of
from boltir.tools.tuning_page import Axis, roofline, tuning_page
from boltir.tools.tuning_table import print_ranking, print_summary
from tests.support.fake_tuning import MACHINE, problem, template, trial


def job(number: int = 1, count: int = 1, **measurements: Measurement) -> Job:
    trials = tuple(trial(name, 2e-6) for name in ("first", "second", "third", "fourth"))
    given = problem(number)
    key, rejected = TuningKey.for_problem(given, MACHINE), (("a huge tile", "needs 1 MB of shared memory"),)
    return Job(given, key, count, trials, rejected, measurements=measurements)


def ok(seconds: float) -> Measurement:
    return Measurement(Status.OK, seconds, 0.01, 5)


WRONG = Measurement(Status.WRONG, error="off by 0.5")


@pytest.fixture
def report() -> Report:
    measured = job(1, 3, first=ok(4e-6), second=ok(2e-6), third=WRONG)
    return report_of(MACHINE, [job(2), measured])


def test_candidates_are_ranked_and_problems_come_by_their_share(report: Report) -> None:
    first, second = report.problems
    assert (first.count, [row.status for row in first.rows]) == (3, ["ok", "ok", "not measured", "wrong"])
    assert [row.seconds for row in first.rows[:2]] == [2e-6, 4e-6]
    assert (first.best, first.first) == (first.rows[0], 4e-6)
    assert (second.best, second.first) == (None, None)


def test_rates_are_of_the_problem_and_not_of_the_padded_tiles(report: Report) -> None:
    best = report.problems[0].best
    assert best is not None
    # 100 operations and 24 bytes in 2 µs, where the roof is at 1 µs.
    assert (best.flop_rate, best.bandwidth, best.roof_part) == pytest.approx((50e6, 12e6, 0.5))


def test_a_problem_without_candidates_is_no_part_of_the_report() -> None:
    given = job()
    given.trials = ()
    assert report_of(MACHINE, [given]).problems == ()


def test_words_leave_out_what_candidates_have_in_common() -> None:
    assert candidate_words(template(), {"slices": 2}) == "gemm 64x64x32 warp 32x32x32 stages 4 slices 2"


def printed(report: Report) -> str:
    console = Console(file=StringIO(), width=200, highlight=False)
    print_ranking(console, report)
    print_summary(console, report)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_the_tables_say_it_all(report: Report) -> None:
    text = printed(report)
    assert re.search(r"chosen: 6\.0 µs in all; the cost model's first choices: 12\.0 µs", text)
    assert "WRONG RESULT: gemm 64x64x32" in text
    assert "1 no candidates: needs 1 MB of shared memory" in text
    assert "2.00x" in text
    assert "nothing was measured" in text


def test_the_page_is_one_file_of_well_formed_html(report: Report) -> None:
    page = tuning_page(report)
    assert not re.search(r"(src|href)=|@import|url\(|<script", page), "it needs nothing else"
    plot = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    assert len([element for element in plot if element.tag == "circle"]) == 2
    assert "Wrong result: gemm 64x64x32" in page
    assert page.count("<details") == page.count("</details>") == 4


def test_text_on_the_page_is_escaped(report: Report) -> None:
    evil = replace(report, machine=replace(MACHINE, device="<script>alert(1)</script>"))
    assert "<script" not in tuning_page(evil)


def test_points_lie_below_the_roof(report: Report) -> None:
    plot = roofline(report)
    (left, low), knee, (right, high) = plot.roof
    assert left < knee[0] < right
    assert low > knee[1] == high, "pixels count downwards"
    assert [point.best for point in plot.points] == [False, True], "the best is drawn last"
    assert all(point.y > high for point in plot.points)


def test_an_axis_is_logarithmic() -> None:
    axis = Axis(1, 100, 0, 200)
    assert [axis.at(value) for value in (1, 10, 100)] == [0, 100, 200]
    assert axis.ticks() == [(0, "1"), (100, "10"), (200, "100")]


def test_a_report_without_measurements_is_a_page_too() -> None:
    assert "<svg" in tuning_page(report_of(MACHINE, [job()]))
