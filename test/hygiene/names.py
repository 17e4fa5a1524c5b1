# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One name everywhere. Pass `FuseLora` is passes/FuseLora.cpp, its argument
is `moelora-fuse-lora` and its test test/passes/fuse-lora.mlir."""
import re

import house


def words(camel):
    """FuseLora -> fuse-lora, ConvertMoELoRAToCPU -> convert-moelora-to-cpu."""
    text = camel.replace("MoELoRA", "Moelora")
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-",
                  text)
    return text.lower()


def check_pass(report, td, record):
    name, folder = record["!name"], td.split("/")[0]
    short = words(name)
    argument = short if "moelora" in short else f"moelora-{short}"
    report.check(record["argument"] == argument, name,
                 f"expects the argument {argument}, but it is "
                 f"{record['argument']}")
    code = house.files(f"/{name}.cpp", under=(f"{folder}/",))
    report.check(code, name, f"expects {folder}/{name}.cpp, or in a folder of "
                 f"its target")
    tests = house.files(f"/{short}.mlir", under=(f"test/{folder}/",))
    report.check(tests, name, f"expects test/{folder}/{short}.mlir")


def check_mirror(report):
    """include/moelora/<c> exists only for a component <c> or lib/<c>."""
    headers = {n.split("/")[2] for n in house.files(under=("include/",))
               if n.count("/") > 2}
    for name in sorted(headers):
        home = any((house.ROOT / p / name).is_dir() for p in ("", "lib"))
        report.check(home, f"include/moelora/{name}",
                     "has no component of its name")
    return len(headers)


def main():
    report, found = house.Report("names"), house.passes()
    for td, record in found:
        check_pass(report, td, record)
    report.figure(f"{len(found)} passes")
    report.figure(f"{check_mirror(report)} public header folders")
    for path in house.files():
        # Inputs is lit's name for what tests read.
        folder = path.rpartition("/")[0].replace("/Inputs", "")
        report.check(folder == folder.lower(), path,
                     "expects folder names in lower case")
    report.finish()


main()
