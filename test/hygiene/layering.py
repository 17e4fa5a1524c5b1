# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks includes between components. A component is `dialect`, `lib/models`,
...; the code of one is <c>/ and include/moelora/<c>/, where lib/<c> drops its
`lib/`."""
import re

import house

# component -> the moelora components whose headers it may include.
MAY = {
    "support": set(),
    "dialect": {"support"},
    "cost": {"support"},
    "sass": set(),
    "passes": {"support", "dialect", "cost"},
    "codegen": {"support", "dialect", "passes"},
    "runtime": {"support"},
    "runtime/model": {"runtime", "models"},  # the one room that knows models
    "models": {"support", "reference", "runtime"},
    "reference": {"runtime"},
    "emulator": {"support", "runtime"},
    "host": {"models", "reference", "runtime"},
    "adapters": {"host", "models", "reference", "runtime"},
    "commandline": {"host", "runtime"},
    "interpreter": {"support", "dialect", "reference", "runtime"},
    "link": {"codegen", "runtime"},
    "import": {"support", "dialect", "models", "runtime"},
}
# May include every component: they register, export, use or test them.
TOP = {"init", "plugin", "tools", "test"}
NO_LLVM = {"support", "runtime", "runtime/model", "models", "reference",
           "emulator", "host", "adapters", "commandline", "cost", "sass"}
ABI = "moelora/runtime/Abi.h"
# The plain description of a layer is data of the ABI, not of the runtime.
SHARED_DATA = {ABI, "moelora/runtime/Layer.h"}
# What generated code and the emulator agree on.
EMULATED = "moelora/emulator/Kernel.h"
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', re.M)


def component(path):
    parts = path.split("/")
    if path.startswith("runtime/model/"):
        return "runtime/model"
    if parts[0] == "include":
        return parts[2] if len(parts) > 3 else "init"
    if parts[0] == "lib":
        return parts[1] if len(parts) > 2 else "init"
    return parts[0]


def main():
    report, edges = house.Report("layering"), set()
    runtime_headers = set()
    for path in house.sources():
        owner = component(path)
        report.check(owner in TOP or owner in MAY, path,
                     f"is of {owner}, which no rule here knows")
        for header in INCLUDE.findall(house.read(path)):
            if header.startswith(("mlir/", "mlir-c/", "llvm/", "llvm-c/")):
                report.check(owner not in NO_LLVM, path,
                             f"{owner} is free of LLVM, but includes {header}")
            if not header.startswith("moelora/"):
                continue
            target = component("include/" + header)
            if owner == "codegen" and target == "runtime":
                runtime_headers.add(header)
            if target == owner or owner not in MAY:
                continue
            edges.add((owner, target))
            shared = header in SHARED_DATA and owner != "support"
            shared |= header == EMULATED and owner == "codegen"
            report.check(target in MAY[owner] or shared, path,
                         f"{owner} may not include {header}")
    report.check(runtime_headers <= {ABI}, "codegen",
                 f"may include {ABI} alone of the runtime, but includes "
                 f"{sorted(runtime_headers)}")
    report.figure(f"{len(house.sources())} files")
    report.figure(", ".join(f"{a} -> {b}" for a, b in sorted(edges)))
    report.finish()


main()
