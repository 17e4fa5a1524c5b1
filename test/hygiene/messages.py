# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Diagnostics begin in lower case, end without a full stop, and say more
than one word."""
import re

import house

STRING = r'"((?:\\.|[^"\\\n])*)"'
# How diagnostics begin: MLIR's, and those of what is free of LLVM.
START = re.compile(r"\b(?:emitOpError|emitError|emitWarning|attachNote|"
                   r"notifyMatchFailure|createStringError|fail|refuse|"
                   r"UsageError)\(|\bFailure\{")
# Streamed or adjacent strings up to the end of the statement; a brace begins
# the body of a function that is defined here.
STATEMENT = re.compile(r"[^;{]*;", re.S)
# Words of the domain that keep their capital.
PROPER = re.compile(r"(LoRA|MLIR|LLVM|CPU|GPU|JSON|[A-Z]\b|[A-Z]+[0-9])")


def messages(text):
    """(offset, first string, last string) of each diagnostic."""
    code = house.blank_comments(text, strings=False)
    for match in START.finditer(code):
        statement = STATEMENT.match(code, match.end())
        strings = re.findall(STRING, statement.group()) if statement else []
        strings = [s for s in strings if s]
        if strings:
            ends = re.search(STRING + r"[\s)}]*;$", statement.group())
            yield match.start(), strings[0], strings[-1] if ends else ""


def main():
    report, count = house.Report("messages"), 0
    for path in house.libraries() + house.sources(("tools/",)):
        text = house.read(path)
        for offset, first, last in messages(text):
            count += 1
            what = f"{path}:{house.line_of(text, offset)}"
            start = first.lstrip(" '`")
            fine = not start[:1].isupper() or PROPER.match(start)
            report.check(fine, what, f"expects lower case: \"{first}\"")
            report.check(not re.search(r"(?<!\.)\.$", last), what,
                         f"expects no full stop: \"{last}\"")
            report.check("\\n" not in first + last, what,
                         "expects a message of one line")
    report.figure(f"{count} diagnostics")
    report.finish()


main()
