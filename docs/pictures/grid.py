# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The grid of a GPU as bar charts, one for each shape. `results` is what
test/gpu/on_device.py writes; cells that were not measured have no bar."""
from plots import draw_bars, draw_legend
from svg import BLUE, GREEN, GREY, ORANGE, Picture

# adapters, rank (any, if there is no adapter)
SETTINGS = {(0, None): ("no adapter", GREY), (1, 16): ("1 of rank 16", BLUE),
            (8, 16): ("8 of rank 16", ORANGE), (8, 64): ("8 of rank 64", GREEN)}
COLORS = (BLUE, ORANGE, GREEN)
CHART = 300  # the height of one


def _setting(adapters, rank):
    return (adapters, rank if adapters else None)


def _own(results):
    """(shape, tokens, setting) -> cell, of cells that are right."""
    cells = (results.get("grid") or {}).get("cells", [])
    return {(c["shape"], c["tokens"], _setting(c["adapters"], c["rank"])): c
            for c in cells if c["right"]}


def _peer(results, name):
    """The same for a peer, with seconds."""
    cells = (results.get(name) or {}).get("cells", [])
    return {(c["shape"], c["tokens"],
             _setting(c["adapters"], max(c["ranks"], default=0))):
            c["graph"]["us"] / 1e6
            for c in cells if "graph" in c and not c.get("void")}


def _charts(title, entries, rows, unit):
    """`rows` has (shape, [(name of a group, bars)...])."""
    picture = Picture(title, 820, 80 + CHART * max(len(rows), 1))
    picture.text(60, 28, title, bold=True, size=14)
    draw_legend(picture, 52, entries)
    for index, (shape, groups) in enumerate(rows):
        values = [value for _, own in groups for value, _ in own]
        highest = 1.15 * max(values)
        ticks = [float(f"{highest * part:.1g}") for part in (0, 0.25, 0.5, 0.75)]
        top = 90 + CHART * index
        draw_bars(picture, top, groups, highest, dict.fromkeys(ticks), unit)
        picture.text(60, top + 258, f"shape {shape}", size=12)
    return picture


def _rows(own, bars_of):
    """Groups by tokens for each shape, without empty ones."""
    places = list(dict.fromkeys((shape, tokens) for shape, tokens, _ in own))
    rows = {}
    for shape, tokens in places:
        if made := bars_of(shape, tokens):
            rows.setdefault(shape, []).append((f"{tokens} tokens", made))
    return list(rows.items())


def floor(results):
    own = _own(results)

    def bars_of(shape, tokens):
        return [(100 * own[place]["floor_seconds"] / own[place]["seconds"], color)
                for setting, (_, color) in SETTINGS.items()
                if (place := (shape, tokens, setting)) in own]

    return _charts("Floor of the cost model as a share of the time",
                   SETTINGS.values(), _rows(own, bars_of), "%")


def peers(results):
    own, setting = _own(results), (8, 16)
    names = ["unfused_peer", *results.get("peers", [])]
    seconds = [{place: cell["peer"]["seconds"] for place, cell in own.items()
                if cell.get("peer", {}).get("right")}]
    seconds += [_peer(results, name) for name in names[1:]]

    def bars_of(shape, tokens):
        place = (shape, tokens, setting)
        return [(times[place] / own[place]["seconds"], color)
                for times, color in zip(seconds, COLORS)
                if place in own and place in times]

    return _charts("Time of others divided by that of moelora, 8 adapters of "
                   "rank 16", list(zip(names, COLORS)), _rows(own, bars_of), "x")
