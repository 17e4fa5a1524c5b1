# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The benchmarks of docs/benchmarks as bar charts."""
import json
import pathlib

from svg import BLUE, GREEN, GREY, LINE, ORANGE, Picture

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "benchmarks"
ADAPTERS = {0: ("no adapter", GREY), 1: ("1 adapter", BLUE),
            8: ("8 adapters", ORANGE)}
SHAPES = {"A/4": "shape A/4 (2048 / 192 / 128 / 8)",
          "D": "shape D (2048 / 1408 / 64 / 6)"}


def has(tier):
    return any(FOLDER.glob(f"{tier}-*.json"))


def newest(tier):
    return json.loads(max(FOLDER.glob(f"{tier}-*.json")).read_text())


def draw_bars(picture, top, groups, highest, ticks, unit=""):
    """Groups (name, [(value, color)...]) of vertical bars below `top`."""
    left, right, height = 60, picture.width - 20, 210

    def y_of(value):
        return top + height * (1 - value / highest)

    for tick in ticks:
        picture.line(left, y_of(tick), right, y_of(tick), LINE, 0.6)
        picture.text(left - 8, y_of(tick) + 4, f"{tick}{unit}", size=12,
                     color=GREY, anchor="end")
    span = (right - left) / len(groups)
    for index, (name, bars) in enumerate(groups):
        middle = left + span * (index + 0.5)
        step = min(44, span * 0.9 / len(bars))
        for place, (value, color) in enumerate(bars):
            x = middle + step * (place - len(bars) / 2)
            picture.rectangle(x + 3, y_of(value), step - 6,
                              top + height - y_of(value), color, color, round=1)
            picture.text(x + step / 2, y_of(value) - 5, f"{value:.3g}{unit}",
                         size=11, anchor="middle")
        for row, words in enumerate(name.split("\n")):
            picture.text(middle, top + height + 18 + 16 * row, words, size=12,
                         color=GREY, anchor="middle")
    picture.line(left, top + height, right, top + height, GREY)


def draw_legend(picture, y, entries):
    x = 60
    for words, color in entries:
        picture.rectangle(x, y - 10, 12, 12, color, color, round=1)
        picture.text(x + 18, y, words, size=12)
        x += 40 + 7 * len(words)


def _cpu(title, value, highest, ticks, unit):
    """One group of bars for each shape and batch size."""
    cells = {(c["shape"], c["tokens"], c["adapters"]): c
             for c in newest("cpu")["cells"]}
    groups = []
    for shape, words in SHAPES.items():
        for tokens in (1, 16, 256):
            noun = "token" if tokens == 1 else "tokens"
            name = f"{tokens} {noun}" + ("\n" + words if tokens == 16 else "")
            groups.append((name, [(value(cells[shape, tokens, adapters]), color)
                                  for adapters, (_, color) in ADAPTERS.items()]))
    picture = Picture(title, 820, 340)
    picture.text(60, 28, title, bold=True, size=14)
    draw_legend(picture, 52, ADAPTERS.values())
    draw_bars(picture, 76, groups, highest, ticks, unit)
    return picture


def cpu_ratio():
    return _cpu("Time of eager PyTorch divided by time of moelora",
                lambda c: c["pytorch_seconds"] / c["seconds"], 38,
                (0, 10, 20, 30), "x")


def cpu_floor():
    return _cpu("Share of the speed that memory and arithmetic units allow",
                lambda c: 100 * c["floor_seconds"] / c["seconds"], 118,
                (0, 25, 50, 75, 100), "%")


def loading():
    figures = {f["name"]: f["value"] for f in newest("runtime")["figures"]}
    title = "Time to load an adapter, in ms"
    series = (("one memcpy of the file's size", "memcpy, one thread", GREY),
              ("load of an open adapter", "all threads: load of an open adapter",
               BLUE),
              ("open and load", "all threads: open and load", ORANGE))
    groups = []
    for kind in ("per expert, bf16", "packed, bf16", "per expert, f32"):
        bars = []
        for _, name, color in series:
            between = ", " if name.startswith("all") else ": "
            bars.append((figures[kind + between + name], color))
        size = figures[f"{kind}: size"]
        groups.append((f"{kind}\n{size:.2f} GB", bars))
    picture = Picture(title, 620, 340)
    picture.text(60, 28, title, bold=True, size=14)
    draw_legend(picture, 52, [(words, color) for words, _, color in series])
    draw_bars(picture, 76, groups, 290, (0, 50, 100, 150, 200, 250))
    return picture


def gpu_share():
    """Main loops for sm_80 of tiles for few and many tokens."""
    layers = {layer["layer"]: {k["name"]: k for k in layer["kernels"]}
              for layer in newest("gpu")["layers"] if layer["architecture"] == 80}
    ours = layers["qwen3-30b-a3b"]

    def share(kernel):
        return kernel["main_loop"]["tensor_share"]

    def triton(tokens):
        return max(share(kernel) for name, kernels in layers.items()
                   if name.startswith(f"A_M{tokens}_S8_r16_fused_moe_kernel")
                   for kernel in kernels.values())

    # The tokens of a tile of Triton, and a batch that it is used for.
    batches = {8: 1, 16: 64, 32: 256, 128: 1024}
    groups = []
    for tokens in (8, 16, 32, 64, 128):
        bars = [(share(ours[f"gate_up_{tokens}"]), BLUE),
                (share(ours[f"down_{tokens}"]), GREEN)]
        if tokens in batches:
            bars.append((triton(batches[tokens]), GREY))
        groups.append((f"{tokens} tokens", bars))
    title = "Part of the main loop's instructions that are products (sm_80)"
    picture = Picture(title, 620, 330)
    picture.text(60, 28, title, bold=True, size=14)
    draw_legend(picture, 52, (("gate_up", BLUE), ("down", GREEN),
                          ("Triton, the better of the same two", GREY)))
    draw_bars(picture, 76, groups, 0.8, (0, 0.2, 0.4, 0.6))
    return picture
