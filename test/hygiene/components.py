# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The layout of the project: the files at the top, a README in each component,
and a listing in the root README that matches `ls`."""
import os
import re

import house

TOP_FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE",
             "SECURITY.md", ".clang-format", ".clang-tidy", ".editorconfig",
             ".gitignore", ".ci"}
TOP_FOLDERS = {"cmake", "codegen", "dialect", "docs", "emulator", "include", "lib",
               "passes", "runtime", "test", "tools"}
EXECUTABLE = {".ci/run", "tools/quickstart", "tools/check"}


def top_level():
    return {n.split("/")[0] for n in house.files()} | {"LICENSE"}


def component_folders():
    """Folders that are a component: the phases, and the folders of lib/."""
    inside = {"/".join(n.split("/")[:2]) for n in house.sources(("lib/",))
              if n.count("/") > 1}
    return sorted(set(house.COMPONENTS) | inside)


def picture():
    """The names in the listing of the README."""
    blocks = re.findall(r"```text\n(.*?)```", house.read("README.md"), re.S)
    block = next((b for b in blocks if "include/" in b), "")
    names = set()
    for line in block.splitlines():
        # A folder and what it is for, or a row of files.
        words = line.split()
        names.update([words[0][:-1]] if words[0].endswith("/") else words)
    return names


def tools_named():
    return {n.split("/")[1] for n in house.files(under=("tools/moelora-",))
            if n.count("/") > 1}


def main():
    report, top = house.Report("components"), top_level()
    for name in sorted(top - TOP_FILES - TOP_FOLDERS):
        report.check(False, name, "is not a name of the top level")
    folders = component_folders()
    for folder in folders:
        place = house.ROOT / folder / "README.md"
        report.check(place.exists(), folder, "has no README.md")
    shown = picture()
    for name in sorted(top ^ shown):
        where = "README's picture" if name in top else "tree"
        report.check(False, name, f"is missing in the {where}")
    listed = set(re.findall(r"^\| `(moelora-[\w-]+)` \|",
                            house.read("README.md"), re.M))
    for tool in sorted(listed ^ tools_named()):
        where = "tools/" if tool in listed else "the README's table of tools"
        report.check(False, f"tools/{tool}", f"is missing in {where}")
    for path in house.files():
        script = house.read(path).startswith("#!")
        runs = os.access(house.ROOT / path, os.X_OK)
        report.check(script == runs, path,
                     "expects an exec bit exactly where a #! line is")
        report.check(runs or path not in EXECUTABLE, path, "must be a script")
    report.figure(f"{len(top)} names at the top")
    report.figure(f"{len(folders)} components")
    report.figure(f"{len(tools_named())} tools")
    report.finish()


main()
