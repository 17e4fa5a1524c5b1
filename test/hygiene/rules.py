# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every constraint label `(Cn)` of an op or an attribute has a line of verifier
that carries it, and a negative test whose function, or attribute, is named after
it."""
import re

import house

LABEL = re.compile(r"^\s*- \((C\d+)\)", re.M)
# `// (C1)`, `// gemm (C1)`, `// (C1) (C2)`.
CODE_LABEL = re.compile(r"//[^\n]*\(C\d+\)")


def labels(record):
    return LABEL.findall(record["description"])


def name_of(record):
    return record.get("opName") or record["mnemonic"]


def verifier_of(record):
    """The text of the C++ that verifies the op or the attribute."""
    name = re.sub(r"^MoELoRA_", "", record["!name"])
    body = []
    for path in house.files(".cpp", under=("dialect/",)):
        text = house.read(path)
        for match in re.finditer(rf"\b{name}::(verify|parse|fold)\w*\(", text):
            end = text.find("\n}\n", match.start())
            body.append(text[match.start():end])
    return "\n".join(body)


def called(body, text_by_helper):
    """Adds the bodies of the helpers that a verifier calls, transitively."""
    seen, todo = set(), [body]
    while todo:
        for name in re.findall(r"\b(\w+)\(", todo.pop()):
            if name in text_by_helper and name not in seen:
                seen.add(name)
                todo.append(text_by_helper[name])
    return body + "".join(text_by_helper[n] for n in seen)


def helpers():
    """Free functions of dialect/*.cpp by name."""
    found = {}
    for path in house.files(".cpp", ".h", under=("dialect/",)):
        text = house.read(path)
        starts = re.finditer(
            r"^(?:static |template [^\n]*\n)?[\w:<>&*, ]+?\s\*?(\w+)\(", text,
            re.M)
        for match in starts:
            end = text.find("\n}\n", match.start())
            found.setdefault(match.group(1), "")
            found[match.group(1)] += text[match.start():end]
    return found


def negative_tests():
    """Names that carry a label: `@expert_gemm_c3`, `#tile_c3_most`, ..."""
    names = set()
    for path in house.files(".mlir", under=("test/",)):
        names |= set(re.findall(r"[@#](\w+_c\d+\w*)", house.read(path)))
    return names


def main():
    report, found = house.Report("rules"), house.ops() + house.attributes()
    free, tests, total = helpers(), negative_tests(), 0
    for _, record in found:
        code = called(verifier_of(record), free)
        for label in labels(record):
            what = f"{name_of(record)} ({label})"
            total += 1
            verified = any(f"({label})" in line
                           for line in CODE_LABEL.findall(code))
            report.check(verified, what, "has no verifier line")
            wanted = f"{name_of(record)}_{label.lower()}"
            tested = any(re.search(rf"(^|_){wanted}(_|$)", t) for t in tests)
            report.check(tested, what, f"has no negative test @{wanted}")
    stated = {f"{name_of(record)}_{n.lower()}" for _, record in found
              for n in labels(record)}
    for name in sorted(tests):
        known = any(re.search(rf"(^|_){s}(_|$)", name) for s in stated)
        report.check(known, f"@{name}", "names a rule that nothing states")
    report.figure(f"{len(found)} ops and attributes, {total} rules")
    report.figure(f"{len(tests)} negative tests")
    report.finish()


main()
