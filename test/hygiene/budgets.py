# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sizes that tell when a thing should be split by meaning: functions, files,
headers, tests."""
import re

import house

MEDIAN, P90, LONGEST = 12, 40, 70
# suffix, folders, most lines, most lines of a file that has a reason.
FILES = (
    (".cpp", ("lib/", "dialect/", "passes/", "codegen/", "runtime/", "tools/"),
     400, 700),
    (".h", ("",), 120, 240),
    (".td", ("",), 350, 500),
    (".cpp", ("test/",), 200, 300),
    (".mlir", ("test/",), 200, 300),
    (".py", ("",), 200, 300),
)
HEADER_INCLUDES = 8
# What opens a brace without being a function.
NOT_A_FUNCTION = re.compile(
    r"\b(namespace|class|struct|union|enum|extern|if|else|for|while|switch|do|"
    r"return|catch|try)\b[^()]*$|=\s*$|,\s*$|\(\s*$")


def functions(text):
    """(name, first line, lines) of each function definition. A brace opens a
    function if it follows `)`, maybe with qualifiers or an initialiser list,
    and does not lie in another function."""
    code = house.blank_comments(text)
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group()), code, flags=re.M)
    depth, begin, start = 0, 0, None
    for match in re.finditer(r"[{};]", code):
        token, at = match.group(), match.start()
        if start is None:
            head = code[begin:at].strip()
            if token == "{" and is_function(head):
                start, depth = (head, code.index(head, begin)), 1
            else:
                begin = at + 1
            continue
        depth += {"{": 1, "}": -1, ";": 0}[token]
        if depth == 0:
            first = house.line_of(code, start[1])
            yield name_of(start[0]), first, house.line_of(code, at) - first + 1
            start, begin = None, at + 1


def is_function(head):
    if "(" not in head or NOT_A_FUNCTION.search(head):
        return False
    return re.search(r"\)\s*(const|noexcept|override|final|mutable|&|\s|"
                     r"->\s*[\w:<>*&, ]+|:\s.*)*$", head, re.S) is not None


def name_of(head):
    match = re.search(r"([\w:~]+|operator\S+)\s*\(", head)
    return match.group(1) if match else head[:40]


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def check_functions(report):
    lengths, longest = [], (0, "none")
    for path in house.sources():
        for name, line, count in functions(house.read(path)):
            lengths.append(count)
            longest = max(longest, (count, f"{path}:{name}"))
            report.check(count <= LONGEST, f"{path}:{name}",
                         f"is {count} lines long, the limit is {LONGEST}")
    if lengths:
        median, p90 = percentile(lengths, 0.5), percentile(lengths, 0.9)
        report.check(median <= MEDIAN, "median", f"is {median} lines")
        report.check(p90 <= P90, "p90", f"is {p90} lines")
        report.figure(f"{len(lengths)} functions: median {median}, p90 {p90}, "
                      f"longest {longest[0]} ({longest[1]})")


def check_files(report):
    largest = (0, "none")
    for suffix, folders, usual, most in FILES:
        for path in house.files(suffix, under=folders):
            count = house.read(path).count("\n")
            if suffix == ".cpp" and not path.startswith("test/"):
                largest = max(largest, (count, path))
            what = path if count <= most else f"{path} (at all)"
            report.check(count <= usual, what,
                         f"has {count} lines, the limit is {usual}, and "
                         f"{most} with a reason")
    report.figure(f"largest .cpp {largest[0]} ({largest[1]})")


def main():
    report = house.Report("budgets")
    check_functions(report)
    check_files(report)
    most = (0, "none")
    for path in house.files(".h"):
        count = len(re.findall(r"^\s*#\s*include", house.read(path), re.M))
        most = max(most, (count, path))
        report.check(count <= HEADER_INCLUDES, path,
                     f"includes {count} headers, limit {HEADER_INCLUDES}")
    report.figure(f"most includes in a header {most[0]} ({most[1]})")
    report.finish()


main()
