# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One word for one thing: names in the code that the glossary of docs/style.md
gives to something else."""
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


def main():
    report, looked = house.Report("words"), 0
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
