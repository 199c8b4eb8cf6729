"""Figures: values of several runs, told as median and spread, ours beside a peer's.

A ratio is worked out within each round, where both sides ran one after the other on the same
machine in the same mood, and then told as the median of the rounds.
"""

import dataclasses
import json
import statistics


@dataclasses.dataclass
class Series:
    unit: str
    runs: list

    def summary(self):
        return {
            "unit": self.unit,
            "median": statistics.median(self.runs),
            "min": min(self.runs),
            "max": max(self.runs),
            "runs": self.runs,
        }


@dataclasses.dataclass(frozen=True)
class Aim:
    """What issue and manual promise: `figure` (its ratio where `peer` is set) at least or at most."""

    figure: str
    sign: str  # ">=" or "<="
    value: float
    peer: str = ""

    def met(self, value):
        return value >= self.value if self.sign == ">=" else value <= self.value


class Figures:
    """All figures of one bench: {figure: {side: Series}}; `details` holds whatever else was seen."""

    def __init__(self, name, aims=()):
        self.name, self.aims = name, list(aims)
        self.series, self.details = {}, []

    def add(self, figure, side, value, unit):
        sides = self.series.setdefault(figure, {})
        sides.setdefault(side, Series(unit, [])).runs.append(value)

    def note(self, **facts):
        self.details.append(facts)

    def ratios(self, figure):
        """{peer: [ours / peer of each round]} for the peers that ran as often as we did."""
        sides = self.series[figure]
        ours = sides.get("ours")
        return {
            peer: [mine / theirs for mine, theirs in zip(ours.runs, other.runs)]
            for peer, other in sides.items()
            if ours and peer != "ours" and len(other.runs) == len(ours.runs) and all(other.runs)
        }

    def lines(self):
        """`NAME.FIGURE.SIDE median unit  min..max`, then the ratios, then the aims."""
        for figure, sides in self.series.items():
            for side, series in sides.items():
                yield line_of(f"{self.name}.{figure}.{side}", series.runs, series.unit)
            ratios = self.ratios(figure)
            for peer, values in ratios.items():
                tail = "ratio" if len(ratios) == 1 else f"ratio.{peer}"
                yield line_of(f"{self.name}.{figure}.{tail}", values, "")
        for aim in self.aims:
            if text := self.aim_line(aim):
                yield text

    def aim_line(self, aim):
        if aim.figure not in self.series:
            return None
        runs = self.ratios(aim.figure).get(aim.peer) if aim.peer else self.ours(aim.figure)
        if not runs:
            return None
        value = statistics.median(runs)
        what = "ratio" if aim.peer else "ours"
        verdict = "met" if aim.met(value) else "MISSED"
        return f"{self.name}.{aim.figure}.{what} aim {aim.sign} {aim.value:g}: {verdict} ({short(value)})"

    def ours(self, figure):
        series = self.series[figure].get("ours")
        return series.runs if series else None

    def json(self, **frame):
        return json.dumps(
            {
                "name": self.name,
                **frame,
                "figures": {
                    figure: {
                        **{side: series.summary() for side, series in sides.items()},
                        "ratio": self.ratios(figure),
                    }
                    for figure, sides in self.series.items()
                },
                "aims": [dataclasses.asdict(aim) for aim in self.aims],
                "details": self.details,
            },
            indent=1,
            ensure_ascii=False,
        )


def line_of(name, runs, unit):
    middle = f"{name} {short(statistics.median(runs))}" + (f" {unit}" if unit else "")
    return (
        middle
        if len(runs) == 1
        else f"{middle}  ({short(min(runs))}..{short(max(runs))} in {len(runs)} runs)"
    )


def short(value):
    """Three digits are all that such a machine can tell."""
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
