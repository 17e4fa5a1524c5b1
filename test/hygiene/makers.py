# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Each case of test/cases has a row in the tables from which cases are made,
and each row has a case with the versions of the libraries that it names."""
import json
import sys

import house

CASES = house.ROOT / "test" / "cases"


def rows():
    sys.path.insert(0, str(CASES / "make"))
    import tables
    return {f"test/cases/{folder}/{name}": case
            for folder, cases in tables.FOLDERS.items()
            for name, case in cases.items()}


def main():
    report, made = house.Report("makers"), rows()
    found = {path.parent.relative_to(house.ROOT).as_posix(): path
             for path in CASES.glob("*/*/case.json")}
    for name in sorted(made.keys() | found.keys()):
        report.check(name in made, name, "no table of test/cases/make has it")
        report.check(name in found, name, "has a row, but no case.json")
        if name in made and name in found:
            producer = json.loads(found[name].read_text())["producer"]
            named = made[name].versions._asdict()
            report.check(named.items() <= producer.items(), name,
                         f"expects {named}, but was made with {producer}")
    report.figure(f"{len(found)} cases")
    report.finish()


main()
