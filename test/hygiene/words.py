# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Plain words: names in the code that the terms of docs/style.md use for
something else, and expressions in pages and comments that have a common name or
are hard to read."""
import re

import house

# A name, where it is wrong, and what it is called instead.
WRONG = (
    (r"\w*[bB]lock_?(?:[rR]ows|[bB]egin|[sS]tore|[iI]d)\b",
     ("runtime/", "include/moelora/runtime/", "codegen/"),
     "group (of rows) or buffer (memory)"),
    (r"retired_blocks", ("",), "retired_buffers"),
    (r"\w*[pP]age_?[lL]ayout\w*", ("",), "placement, or page order"),
    (r"PagePlan|SlotPages", ("",), "ImageBuilder"),
    (r"\w*[tT]ensor\.rank\b", ("runtime/", "lib/models/"), "dims"),
)

# Expressions that pages and comments do not contain, and what they say instead.
AVOIDED = (
    (r"house|(?<!make )(?<!makes )rooms?", "the project, or a folder"),
    (r"pieces?", "a part, or a buffer"),
    (r"answers?|answered", "a result, or returns"),
    (r"asks?|asked|asking", "calls, requires or requests"),
    (r"go(es)? by|(is|are|was|were) told", "uses, or receives"),
    (r"whom|whoever|(some|any|no)body", "the thing or person that is meant"),
    (r"lives|speaks", "is stored, or is valid"),
    (r"proofs?", "a test"),
    (r"short way|mended|is fine", "a sentence that states the fact"),
)
# The page that explains the rule quotes what it forbids.
UNCHECKED = ("docs/style.md",)
SOURCES = (".cpp", ".h", ".c", ".td")
COMMENTED = house.COMPONENTS + ("include", "lib", "test", "tools")


def prose(text):
    """The text with code and markers blanked, line by line as long as it was."""
    return re.sub(r"```.*?```|`[^`]*`|<!--.*?-->", lambda code: re.sub(
        r"[^\n]", " ", code.group()), text, flags=re.S)


def comments(text):
    """The text with everything but its comments blanked."""
    rest = house.blank_comments(text, strings=False)
    return "".join(" " if c == kept != "\n" else c
                   for c, kept in zip(text, rest))


def texts():
    """(path, text) of the pages, and of the comments of the sources."""
    for path in house.files(".md"):
        if not path.startswith(UNCHECKED):
            yield path, prose(house.read(path))
    for path in house.files(*SOURCES, under=tuple(f"{c}/" for c in COMMENTED)):
        yield path, prose(comments(house.read(path)))


def check_texts(report):
    count = 0
    for count, (path, text) in enumerate(texts(), 1):
        for pattern, instead in AVOIDED:
            for match in re.finditer(rf"\b({pattern})\b", text, re.I):
                report.check(
                    False, f"{path}:{house.line_of(text, match.start())}",
                    f"says '{match.group()}' instead of {instead}")
    report.figure(f"{len(AVOIDED)} expressions, {count} pages and sources")


def main():
    report, looked = house.Report("words"), 0
    check_texts(report)
    for pattern, folders, instead in WRONG:
        for path in house.files(".cpp", ".h", ".c", ".td", under=folders):
            looked += 1
            text = house.blank_comments(house.read(path))
            for match in re.finditer(pattern, text):
                report.check(False, f"{path}:{house.line_of(text, match.start())}",
                             f"'{match.group()}' is called {instead}")
    report.figure(f"{len(WRONG)} names, {looked} files looked at")
    report.finish()


main()
