"""Time against n, one panel a utility."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from problems import UTILITIES
from run import OURS, OURS_SOLVE, Result

# The colours of Okabe and Ito, which the colour-blind tell apart; markers differ as well.
_STYLES = {
    OURS: ("#000000", "o"),
    "SLSQP": ("#E69F00", "s"),
    "L-BFGS-B": ("#0072B2", "^"),
    "trust-constr": ("#009E73", "D"),
    "softmax L-BFGS": ("#CC79A7", "v"),
    "CVXPY Clarabel": ("#D55E00", "P"),
}
_GREY = "#888888"
_SETTINGS = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "peers",
}


def draw(series: dict[str, dict[str, list[Result]]], limit: float, folder: Path) -> None:
    """Writes peers.svg and peers.png."""
    with mpl.rc_context(_SETTINGS):
        # Two by two, or all in a row where that would leave a hole.
        columns = 2 if len(series) % 2 == 0 else len(series)
        rows = -(-len(series) // columns)
        size = (7.0, 2.7 * rows + 0.6)
        page, panels = plt.subplots(rows, columns, figsize=size, sharex=True, sharey=True, squeeze=False)
        for panel, (utility, methods) in zip(panels.flat, series.items(), strict=True):
            _panel(panel, methods, limit)
            panel.set_title(f"$U(x)$ = {UTILITIES[utility].label}", loc="left", fontsize=9)
        for panel in panels[-1]:
            panel.set_xlabel("responses $n$")
        for panel in panels[:, 0]:
            panel.set_ylabel("seconds")
        page.legend(handles=_keys(), loc="lower center", ncols=4, frameon=False, handlelength=2.2, columnspacing=1.6)
        page.tight_layout(rect=(0, 0.6 / size[1], 1, 1), h_pad=1.2)
        page.savefig(folder / "peers.svg", metadata={"Date": None})
        page.savefig(folder / "peers.png", dpi=200)
        plt.close(page)


def _panel(panel: Axes, methods: dict[str, list[Result]], limit: float) -> None:
    panel.set_xscale("log")
    panel.set_yscale("log")
    panel.axhline(limit, color=_GREY, linewidth=0.6, linestyle=(0, (1, 2)), zorder=0)
    panel.grid(which="major", color="#E4E4E4", linewidth=0.5, zorder=0)
    for method, (colour, marker) in _STYLES.items():
        reached = [result for result in methods[method] if result.status == "reached"]
        front = 3 if method == OURS else 2
        panel.plot(
            [result.n for result in reached],
            [result.seconds for result in reached],
            color=colour,
            marker=marker,
            markersize=3.4,
            linewidth=1.5 if method == OURS else 1.0,
            zorder=front,
        )
        last = methods[method][-1]
        if last.status != "reached" and reached:
            _end(panel, reached[-1], last, limit, colour, marker)
    alone = [result for result in methods[OURS_SOLVE] if result.status == "reached"]
    panel.plot(
        [result.n for result in alone],
        [result.seconds for result in alone],
        color=_STYLES[OURS][0],
        linewidth=0.8,
        linestyle=(0, (4, 2)),
        zorder=2,
    )


def _end(panel: Axes, near: Result, last: Result, limit: float, colour: str, marker: str) -> None:
    """The n at which a series ends: a cross where the method fails, an open marker where its start was close enough."""
    if last.status == "start":
        height, marker, size = last.seconds, marker, 3.8
    else:
        # At the limit where time ran out, otherwise at the height of the last success.
        height, marker, size = (limit if last.status == "time" else near.seconds), "x", 6.0
    panel.plot([near.n, last.n], [near.seconds, height], color=colour, linewidth=0.8, linestyle=(0, (2, 2)))
    shape = {"marker": marker, "markersize": size, "markerfacecolor": "white", "markeredgewidth": 1.4}
    panel.plot(last.n, height, color=colour, zorder=4, **shape)


def _keys() -> list[Line2D]:
    labels = {OURS: f"{OURS}, whole process"}
    methods = [
        Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.2, label=labels.get(method, method))
        for method, (colour, marker) in _STYLES.items()
    ]
    alone = Line2D([], [], color=_STYLES[OURS][0], linewidth=0.8, linestyle=(0, (4, 2)), label="its solve alone")
    bare = {"color": _GREY, "linestyle": "", "markerfacecolor": "white", "markeredgewidth": 1.4}
    ends = [
        Line2D([], [], marker="x", markersize=6, label="fails", **bare),
        Line2D([], [], marker="o", markersize=4, label="start suffices", **bare),
    ]
    return [methods[0], alone, *methods[1:], *ends]
