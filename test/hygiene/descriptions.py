# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Ops and passes have a unique one-line summary and a description, and ops also
a lifespan and an example that occurs in a test."""
import re

import house

# Words that keep their capital at the start of a summary.
PROPER = ("LoRA", "CPU", "LLVM", "GEMM", "Mixture", "MLIR")
EXAMPLE = re.compile(r"```mlir\n(.*?)```", re.S)


def squeeze(text):
    """One form for comparison: no layout, no comments, no names of values."""
    text = re.sub(r"//[^\n]*", "", text)
    text = re.sub(r"%\w+|@\w+", "%", text)
    return re.sub(r"\s+", "", text)


def check_summary(report, what, summary, seen):
    report.check(summary and "\n" not in summary, what,
                 "expects a summary of one line")
    report.check(not summary.endswith("."), what,
                 "expects a summary without a full stop")
    lower = summary[:1] == summary[:1].lower() or summary.startswith(PROPER)
    report.check(lower, what, f"expects a lower-case summary, has '{summary}'")
    other = seen.setdefault(summary, what)
    report.check(other == what, what, f"shares its summary with {other}")


def main():
    report, seen = house.Report("descriptions"), {}
    tests = squeeze(" ".join(house.read(p) for p in house.files(
        ".mlir", under=("test/",))))
    examples = 0
    for _, op in house.ops():
        name, text = op["opName"], op["description"]
        check_summary(report, name, op["summary"], seen)
        report.check(len(text.strip()) > 40, name, "expects a description")
        found = EXAMPLE.findall(text)
        examples += len(found)
        report.check(found, name, "expects an example in its description")
        for example in found:
            report.check(squeeze(example) in tests, name,
                         "expects its example to occur in a test")
        # A terminator has the lifespan of its region.
        report.check("Lifespan:" in text or "yield" in name, name,
                     "expects its description to state a lifespan")
    for td, record in house.passes():
        name, folder = record["argument"], td.split("/")[0]
        check_summary(report, name, record["summary"], seen)
        text = record["description"]
        report.check(len(text.strip()) > 80, name, "expects a description")
        report.check(f"test/{folder}/" in text, name,
                     "expects its description to point to its test")
        for option in record["options"]:
            use = house.records(td)[option["def"]]
            report.check(use["description"], name,
                         f"expects option {use['argument']} to be described")
    report.figure(f"{len(house.ops())} ops, {examples} examples")
    report.figure(f"{len(house.passes())} passes")
    report.finish()


main()
