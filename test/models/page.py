# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tables of docs/models.md are what the family table says of itself.

  page.py BUILD/bin/moelora-describe-families docs/models.md [--write]
"""
import pathlib
import re
import subprocess
import sys

TABLES = ("families", "refused")


def brought_up_to_date(page, program):
    for name in TABLES:
        table = subprocess.run([program, name], capture_output=True, text=True,
                               check=True).stdout
        mark = f"<!-- table: {name} -->\n"
        before, found, after = page.partition(mark)
        if not found:
            sys.exit(f"expects {mark.strip()} in the page, but it is not there")
        rest = re.sub(r"^\n?(?:\|.*\n)*", "", after)
        page = f"{before}{mark}\n{table}\n{rest.lstrip()}"
    return page


def main():
    program, path = sys.argv[1], pathlib.Path(sys.argv[2])
    page = path.read_text(encoding="utf-8")
    wanted = brought_up_to_date(page, program)
    if "--write" in sys.argv:
        path.write_text(wanted, encoding="utf-8")
    elif page != wanted:
        sys.exit("docs/models.md is out of date: run test/models/page.py with "
                 "--write")


main()
