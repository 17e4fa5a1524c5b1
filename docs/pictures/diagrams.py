# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The diagrams: the compiler's levels, a token's way through a step, and the
life of a slot."""
from svg import (BLUE, GREEN, GREY, INK, ORANGE, PALE_BLUE, PALE_GREEN,
                 PALE_GREY, PALE_ORANGE, Picture, WHITE)

LEVELS = (
    ("config.json", PALE_GREY, "the model's configuration, without weights",
     "a layer can also be written in MLIR by hand"),
    ("routed", PALE_BLUE, "what the layer computes",
     "route, dispatch, expert_gemm, lora_delta, activation, combine"),
    ("fused", PALE_BLUE, "which steps one kernel computes together",
     "route, plan, shrink, grouped_matmul"),
    ("lowered", PALE_BLUE, "code in MLIR's llvm dialect",
     "one function per entry point, and the layer's description"),
    ("artifact", PALE_GREEN, "a shared object with one C entry point",
     "libmoelora_rt loads it, binds weights and slot table, and runs it"),
)
STEPS = ("import: the table of model families gives the config its meaning",
         "moelora-fuse-lora, moelora-fuse-epilogue, moelora-schedule",
         "convert-moelora-to-cpu, and upstream passes", "LLVM and the linker")


def levels():
    picture = Picture("The levels of the compiler", 680, 478)
    for index, (name, fill, meaning, detail) in enumerate(LEVELS):
        y = 20 + 96 * index
        picture.box(20, y, 150, 54, name, fill=fill)
        picture.text(190, y + 23, meaning, bold=True)
        picture.text(190, y + 42, detail, size=12, color=GREY)
        if index < len(STEPS):
            picture.arrow((95, y + 54), (95, y + 95))
            picture.text(110, y + 79, STEPS[index], size=12, color=BLUE)
    return picture


# Tenant, slot number and experts of each token of the example.
TOKENS = (("alice", 0, (1, 2)), ("none", -1, (0, 2)), ("bob", 1, (1, 2)),
          ("alice", 0, (0, 1)))
COLORS = {-1: (PALE_GREY, GREY), 0: (PALE_BLUE, BLUE), 1: (PALE_ORANGE, ORANGE)}


def _cells(picture, x, y, words, slots):
    for index, (word, slot) in enumerate(zip(words, slots)):
        fill, color = COLORS[slot]
        picture.rectangle(x + 50 * index, y, 48, 28, fill, color, round=3)
        picture.text(x + 50 * index + 24, y + 19, word, size=12, color=color,
                     anchor="middle", bold=True)


def _plan(picture, x, y):
    """The rows of the example as the plan orders them: by expert, then by slot,
    rows without an adapter first."""
    for expert in range(3):
        rows = sorted((slot, token) for token, (_, slot, experts)
                      in enumerate(TOKENS) if expert in experts)
        picture.text(x, y - 8, f"expert {expert}", size=12, color=GREY)
        _cells(picture, x, y, [f"t{token}" for _, token in rows],
               [slot for slot, _ in rows])
        x += 50 * len(rows) + 26


def token():
    picture = Picture("A token's way through a step", 820, 494)
    slots = [slot for _, slot, _ in TOKENS]
    picture.rectangle(10, 10, 800, 112, WHITE)
    picture.text(24, 32, "Once per step, for all layers", bold=True)
    picture.text(24, 56, "adapter of each token", size=12, color=GREY)
    _cells(picture, 24, 64, [name for name, _, _ in TOKENS], slots)
    picture.text(24, 112, "ids: generation and slot, or -1", size=12,
                 color=GREY)
    picture.arrow((230, 78), (306, 78))
    picture.box(308, 56, 190, 44, "resolve", "checks each id once")
    picture.arrow((498, 78), (568, 78))
    picture.text(574, 56, "slot number of each token", size=12, color=GREY)
    _cells(picture, 574, 64, [str(slot) for slot in slots], slots)

    picture.rectangle(10, 138, 800, 346, WHITE)
    picture.text(24, 160, "In every MoE layer", bold=True)
    picture.arrow((674, 92), (674, 176))
    picture.box(24, 178, 130, 54, "hidden states", "one row per token",
                fill=WHITE)
    picture.arrow((154, 205), (188, 205))
    picture.box(190, 178, 220, 54, "router", "logits + delta, top-k experts",
                fill=PALE_GREEN)
    picture.arrow((410, 205), (534, 205))
    picture.text(472, 198, "experts, weights", size=12, color=GREY,
                 anchor="middle")
    picture.box(536, 178, 256, 54, "plan", "sorts by expert, then by slot",
                fill=PALE_GREEN)
    picture.arrow((664, 232), (664, 258))
    picture.text(24, 284, "rows in the order of the plan,", size=12,
                 color=GREY)
    picture.text(24, 301, "with 2 experts per token", size=12, color=GREY)
    _plan(picture, 240, 274)
    picture.arrow((460, 302), (460, 336))
    picture.text(470, 324, "rows are gathered tile by tile", size=12,
                 color=GREY)
    picture.box(24, 338, 768, 60, "expert GEMM + LoRA",
                "gate and up: W x + B u, with u = scale * (A x); activation;   "
                "down: the same with its own A and B",
                fill=PALE_GREEN)
    picture.arrow((408, 398), (408, 422))
    picture.box(154, 424, 508, 48, "combine",
                "adds each token's rows, times the router's weights; rounds once",
                fill=PALE_GREEN)
    return picture


def slot():
    picture = Picture("The life of a slot", 820, 430)
    picture.box(30, 40, 130, 56, "free", "no adapter")
    picture.box(320, 40, 160, 56, "reserved", "the adapter is loaded",
                fill=PALE_ORANGE)
    picture.box(640, 40, 150, 56, "live", "tokens are served",
                fill=PALE_GREEN)
    picture.box(640, 206, 150, 56, "live, disabled", "served as base",
                fill=PALE_GREY)
    picture.box(30, 206, 130, 56, "closed", "no generation left")

    picture.arrow((160, 56), (318, 56))
    picture.text(239, 48, "assign", anchor="middle", color=BLUE)
    picture.arrow((320, 82), (162, 82))
    picture.text(240, 100, "the load fails", anchor="middle", size=12,
                 color=GREY)
    picture.arrow((480, 68), (638, 68))
    picture.text(560, 60, "publish: one store", anchor="middle", color=BLUE)
    picture.arrow((690, 40), (690, 16), (750, 16), (750, 38))
    picture.text(680, 22, "replace", anchor="end", color=BLUE)
    picture.text(624, 22, "new version, same id:", anchor="end", size=12,
                 color=GREY)
    picture.arrow((690, 96), (690, 204))
    picture.text(682, 190, "disable", anchor="end", color=BLUE)
    picture.arrow((740, 204), (740, 98))
    picture.text(748, 190, "enable", color=BLUE)
    picture.arrow((670, 96), (670, 144), (95, 144), (95, 98))
    picture.text(382, 136, "evict, reset, or to make room: only an idle adapter",
                 anchor="middle", color=BLUE)
    picture.text(382, 161, "the slot gets its next generation, so that old ids "
                 "find nothing", anchor="middle", size=12, color=GREY)
    picture.arrow((60, 96), (60, 204))
    picture.text(70, 192, "after its last generation", size=12, color=GREY)
    _time_line(picture)
    return picture


def _time_line(picture):
    """When an adapter may be evicted, and when its memory is freed."""
    def span(y, begin, end, word, fill, color):
        picture.rectangle(begin, y, end - begin, 20, fill, color, round=3)
        picture.text((begin + end) / 2, y + 15, word, size=12, color=color,
                     anchor="middle")

    for x, word in ((520, "idle"), (600, "evict"), (740, "freed")):
        picture.line(x, 294, x, 388, color=GREY)
        picture.text(x, 402, word, size=12, color=GREY, anchor="middle")
    for name, y in (("leases", 300), ("steps", 328), ("memory", 356),
                    ("time", 403)):
        picture.text(160, y + 15, name, size=12, color=INK, anchor="end")
    span(300, 180, 400, "leased", PALE_BLUE, BLUE)
    span(328, 240, 350, "step 1", PALE_ORANGE, ORANGE)
    span(328, 380, 520, "step 2", PALE_ORANGE, ORANGE)
    span(328, 570, 740, "step 3", PALE_ORANGE, ORANGE)
    span(356, 180, 600, "image in the directory", PALE_GREEN, GREEN)
    span(356, 600, 740, "kept for step 3", PALE_GREY, GREY)
    picture.arrow((180, 414), (790, 414))
