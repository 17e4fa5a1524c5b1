# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Small rules about source text, each a pattern that must not occur."""
import re

import house

# In code, comments and strings blanked: (pattern, why).
LIBRARY_RULES = (
    (r"\bcl::opt\b|\bcl::list\b", "a library has no command line"),
    (r"\bllvm::(errs|outs)\b|\berrs\(\)", "a library does not print"),
    (r"\bstd::(cout|cerr)\b|\bprintf\(", "a library does not print"),
    (r"\bexit\(|\babort\(\)", "a library does not end the process"),
)
CODE_RULES = (
    (r"\b(builder|rewriter|b)\.create<", "use OpTy::create"),
    (r"\busing namespace std\s*;", "names std:: in full"),
    (r"^\s*#\s*pragma\s+once", "use an include guard"),
)
TEXT_RULES = (
    (r"\b(TODO|FIXME|XXX)\b", "an open end belongs in an issue"),
    (r"[ \t]+$", "trailing white space"),
    (r"^\s*(//|/\*|#)\s*[-=*#/]{20,}\s*$", "a banner"),
    (r"^\s*//\s*(if|for|while|return|else)\b.*[;{]\s*$", "code in a comment"),
)
LICENCE = "SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception"
WIDTH = 80
TEXT = (".cpp", ".h", ".td", ".cmake", "CMakeLists.txt", ".py", ".mlir",
        ".md", ".c")


def check_guard(report, path, text, seen):
    """MOELORA_..._NAME_H, and no other header's."""
    name = re.sub(r"\W", "_", path.rpartition("/")[2][:-2]).upper()
    found = re.search(r"#ifndef (\w+)\n#define \1\b", text)
    guard = found.group(1) if found else "none"
    report.check(re.fullmatch(rf"MOELORA_(\w+_)?{name}_H", guard), path,
                 f"expects the include guard MOELORA_..._{name}_H, has {guard}")
    other = seen.setdefault(guard, path)
    report.check(other == path, path, f"shares its include guard with {other}")


def scan(report, path, text, rules):
    for pattern, why in rules:
        for match in re.finditer(pattern, text, re.M):
            what = f"{path}:{house.line_of(text, match.start())}"
            report.check(False, what, f"{why}: {match.group().strip()!r}")


def check_cpp(report, path, text):
    scan(report, path, house.blank_comments(text), CODE_RULES)
    for number, line in enumerate(text.splitlines(), 1):
        report.check(len(line) <= WIDTH, f"{path}:{number}",
                     f"is {len(line)} columns wide")


def main():
    report, lines, guards = house.Report("source"), 0, {}
    paths = [p for p in house.files(*TEXT)]
    for path in paths:
        text = house.read(path)
        lines += text.count("\n")
        if path != "test/hygiene/source.py":
            scan(report, path, text, TEXT_RULES)
        if path.endswith((".cpp", ".h")):
            check_cpp(report, path, text)
        if path.endswith(".h"):
            check_guard(report, path, text, guards)
        if path.endswith((".cpp", ".h", ".td", ".py", ".c")):
            report.check(LICENCE in text[:400], path,
                         "expects the licence line at its top")
    for path in house.libraries():
        scan(report, path, house.blank_comments(house.read(path)),
             LIBRARY_RULES)
    report.figure(f"{len(paths)} files, {lines} lines")
    report.finish()


main()
