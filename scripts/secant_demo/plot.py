"""The price with its barriers and passage times: one HTML file that opens without a network."""

from __future__ import annotations

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

WIDTH: Final = 1000
HEIGHT: Final = 420
MARGIN_LEFT: Final = 52
MARGIN_RIGHT: Final = 16
MARGIN_TOP: Final = 16
MARGIN_BOTTOM: Final = 34
DAY_S: Final = 86_400

_STYLE: Final = """
:root {
  color-scheme: light dark;
  --ink: #1b1f24; --faint: #757d87; --grid: #e3e6ea; --price: #1f6feb; --mark: #c2410c; --ground: #fff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ed; --faint: #98a1ab; --grid: #2c323a; --price: #6aa8ff; --mark: #ff9a5c; --ground: #14181d;
  }
}
body {
  font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
  max-width: 1000px; margin: 2rem auto; padding: 0 1rem;
}
h1 { font-size: 1.4rem; margin-bottom: .2rem; }
p { color: var(--faint); margin-top: 0; }
svg { width: 100%; height: auto; }
svg text { font: 12px system-ui, sans-serif; fill: var(--faint); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { text-align: left; color: var(--faint); font-weight: 500; }
td, th { padding: .35rem .6rem .35rem 0; border-bottom: 1px solid var(--grid); vertical-align: top; }
.yes { color: #1a7f37; font-weight: 600; }
.no { color: #b42318; font-weight: 600; }
"""


@dataclass(frozen=True, slots=True)
class Barrier:
    """A level that a market watches, and when it was passed."""

    label: str
    level: Decimal
    start: int
    end: int
    passage_time: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """A market's line in the table: each field as it is to be read."""

    market: str
    terms: str
    evidence: str
    result: str
    winners: str


@dataclass(frozen=True, slots=True)
class _Scale:
    start: int
    end: int
    low: float
    high: float

    def x(self, time: int) -> float:
        share = (time - self.start) / (self.end - self.start)
        return MARGIN_LEFT + share * (WIDTH - MARGIN_LEFT - MARGIN_RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return HEIGHT - MARGIN_BOTTOM - share * (HEIGHT - MARGIN_TOP - MARGIN_BOTTOM)


def render(
    title: str,
    subtitle: str,
    prices: Sequence[tuple[int, Decimal]],
    barriers: Sequence[Barrier],
    rows: Sequence[Row],
    notes: Sequence[str],
) -> str:
    """The page.

    Args:
        title: Its heading.
        subtitle: What the drawing shows.
        prices: Unix seconds and price from 0 to 1, at least two of them, in order.
        barriers: Levels to draw; of those with the same label the label stands once.
        rows: The table.
        notes: Lines under it.
    """
    scale = _Scale(prices[0][0], prices[-1][0], 0.4, 1.0)
    drawing = [*_grid(scale), _price_line(scale, prices)]
    labels: set[str] = set()
    for barrier in barriers:
        drawing += _barrier(scale, barrier, is_labelled=barrier.label not in labels)
        labels.add(barrier.label)
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(drawing)}</svg>'
    lines = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{html.escape(title)}</title><style>{_STYLE}</style>"
        f"<h1>{html.escape(title)}</h1><p>{html.escape(subtitle)}</p>{svg}{_table(rows)}{lines}</html>\n"
    )


def _grid(scale: _Scale) -> list[str]:
    parts = []
    for percent in range(40, 101, 10):
        y = scale.y(percent / 100)
        parts.append(_line(MARGIN_LEFT, y, WIDTH - MARGIN_RIGHT, y, "var(--grid)"))
        parts.append(f'<text x="{MARGIN_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{percent} %</text>')
    first_day = -(-scale.start // DAY_S) * DAY_S
    for time in range(first_day, scale.end, 5 * DAY_S):
        x = scale.x(time)
        label = datetime.fromtimestamp(time, UTC).strftime("%-d %b")
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 12}" text-anchor="middle">{label}</text>')
    return parts


def _price_line(scale: _Scale, prices: Sequence[tuple[int, Decimal]]) -> str:
    points = [f"{scale.x(time):.1f},{scale.y(float(price)):.1f}" for time, price in prices]
    # A price holds until the next one is printed: steps, not slopes.
    steps = [points[0]]
    for before, after in pairwise(points):
        steps += [f"{after.split(',')[0]},{before.split(',')[1]}", after]
    return f'<polyline points="{" ".join(steps)}" fill="none" stroke="var(--price)" stroke-width="1.6"/>'


def _barrier(scale: _Scale, barrier: Barrier, *, is_labelled: bool) -> list[str]:
    y = scale.y(float(barrier.level))
    start, end = max(barrier.start, scale.start), min(barrier.end, scale.end)
    parts = [_line(scale.x(start), y, scale.x(end), y, "var(--mark)", dashed=True)]
    if is_labelled:
        label = html.escape(barrier.label)
        parts.append(f'<text x="{scale.x(start) + 6:.1f}" y="{y - 6:.1f}">{label}</text>')
    if barrier.passage_time is not None:
        x = scale.x(barrier.passage_time)
        moment = datetime.fromtimestamp(barrier.passage_time, UTC).strftime("%-d %b %H:%M UTC")
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="var(--mark)"><title>{moment}</title></circle>'
        )
        parts.append(f'<text x="{x - 8:.1f}" y="{y - 10:.1f}" text-anchor="end">{moment}</text>')
    return parts


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str, *, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="6 4"' if dashed else ""
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"{dash}/>'


def _table(rows: Sequence[Row]) -> str:
    lines = []
    for row in rows:
        cells = (row.market, row.terms, row.evidence, row.result, row.winners)
        marks = ("", "", "", f' class="{html.escape(row.result.lower())}"', "")
        lines.append(
            "".join(f"<td{mark}>{html.escape(cell)}</td>" for cell, mark in zip(cells, marks, strict=True))
        )
    heads = "".join(f"<th>{head}</th>" for head in ("Market", "Terms", "Evidence", "Result", "Who won what"))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
