# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One word for one thing: names in the code that the terms of docs/style.md use
for something else, and words in the pages for users that have a common name or
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

# Expressions that pages for users do not contain, and what they say instead.
PAGES = ("README.md", "SECURITY.md", "docs/")
# The page that explains the rule quotes what it forbids.
UNCHECKED = ("docs/style.md", "docs/reference/")
AVOIDED = (
    (r"house|(?<!make )(?<!makes )rooms?", "the project, or a folder"),
    (r"pieces?", "a part, or a buffer"),
    (r"answers?|answered", "a result, or returns"),
    (r"go(es)? by|(is|are) told", "uses, or receives"),
    (r"whom|(some|any|no)body", "the thing or person that is meant"),
    (r"proofs?", "a test"),
    (r"short way|mended", "a sentence that states the fact"),
)


def prose(text):
    """The text with code blanked, line by line as long as it was."""
    return re.sub(r"```.*?```|`[^`]*`", lambda code: re.sub(
        r"[^\n]", " ", code.group()), text, flags=re.S)


def check_pages(report):
    pages = [p for p in house.files(".md", under=PAGES)
             if not p.startswith(UNCHECKED)]
    for path in pages:
        text = prose(house.read(path))
        for pattern, instead in AVOIDED:
            for match in re.finditer(rf"\b({pattern})\b", text, re.I):
                report.check(
                    False, f"{path}:{house.line_of(text, match.start())}",
                    f"says '{match.group()}' instead of {instead}")
    report.figure(f"{len(AVOIDED)} expressions, {len(pages)} pages")


def main():
    report, looked = house.Report("words"), 0
    check_pages(report)
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
