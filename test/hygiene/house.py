# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Code that the hygiene tests share: the files of the project, the list of
exceptions, the records of .td files, and the report.

Each test is a script that prints the figures it measured and exits with 1
where a rule is broken. Run one by hand: python3 test/hygiene/budgets.py
"""
import fnmatch
import functools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(os.environ.get("MOELORA_HYGIENE_ROOT",
                                   pathlib.Path(__file__).resolve().parents[2]))
LLVM = pathlib.Path(os.environ.get("MOELORA_LLVM_DIR", "/usr/lib/llvm-22"))
COMPONENTS = ("dialect", "passes", "codegen", "runtime", "emulator")
# Test data made by other projects' libraries has their form, not ours.
FOREIGN = re.compile(r"LICENSE$|test/cases/(?!make/)[^/]+/")
IGNORED_FOLDERS = (".git", ".cache", "__pycache__", "build*", "install*")


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def _walk(folder=""):
    for entry in sorted((ROOT / folder).iterdir()):
        name = f"{folder}{entry.name}"
        if any(fnmatch.fnmatch(entry.name, p) for p in IGNORED_FOLDERS):
            continue
        if entry.is_dir():
            yield from _walk(name + "/")
        elif not name.endswith(".pyc"):
            yield name


@functools.lru_cache(None)
def _all_files():
    return tuple(n for n in _walk() if not FOREIGN.match(n))


def files(*suffixes, under=("",)):
    """Paths, relative to the root, of our files that end in a suffix."""
    return [n for n in _all_files()
            if n.endswith(suffixes or ("",)) and n.startswith(tuple(under))]


def sources(under=("",)):
    return files(".cpp", ".h", under=under)


def libraries():
    """C++ that is linked into other programs."""
    return sources(under=("include/", "lib/", "dialect/", "passes/",
                          "codegen/", "runtime/", "emulator/"))


def blank_comments(text, strings=True):
    """Same length and lines, with comments (and string contents) blanked."""
    pattern = r'//[^\n]*|/\*.*?\*/'
    if strings:
        pattern += r'|R"\((?:.*?)\)"|"(?:\\.|[^"\\\n])*"|' \
                   r"(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"
    else:
        pattern += r'|(?P<keep>"(?:\\.|[^"\\\n])*")'

    def blank(match):
        if match.groupdict().get("keep"):
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return re.sub(pattern, blank, text, flags=re.S)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


@functools.lru_cache(None)
def records(td):
    """The records of a .td file, as TableGen evaluates it."""
    with tempfile.TemporaryDirectory() as include:
        place = pathlib.Path(include, "moelora")
        place.mkdir()
        for component in COMPONENTS:
            (place / component).symlink_to(ROOT / component)
        done = subprocess.run(
            [str(LLVM / "bin/llvm-tblgen"), "--dump-json", str(ROOT / td),
             "-I", include, "-I", str(ROOT / "include"),
             "-I", str(LLVM / "include")],
            capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{td}: {done.stderr}")
    return json.loads(done.stdout)


def instances(suffix, of_class):
    """(file, record) of each record of a class that our .td files define."""
    seen = {}
    for td in files(".td", under=tuple(f"{c}/" for c in COMPONENTS)):
        if suffix not in read(td):
            continue
        table = records(td)
        defined = set(re.findall(r"^def\s+(\w+)", read(td), re.M))
        for name in table["!instanceof"].get(of_class, []):
            if name in defined:
                seen[name] = (td, table[name])
    return list(seen.values())


def ops():
    return instances("Op<", "Op")


def attributes():
    return instances("AttrDef<", "AttrDef")


def passes():
    return instances("Pass<", "PassBase")


def mnemonic(op):
    return op["opName"]


class Report:
    """Collects figures and broken rules without the listed exceptions."""

    def __init__(self, name):
        self.name, self.figures, self.broken = name, [], []
        self.exceptions = self._load()

    def _load(self):
        found = {}
        for line in read("test/hygiene/exceptions.txt").splitlines():
            if not line.strip() or line.startswith("#"):
                continue
            parts = [p.strip() for p in line.split("|")]
            if len(parts) != 3 or not parts[2]:
                self.broken.append(f"exceptions.txt: not 'test | what | why': "
                                   f"{line}")
            elif parts[0] == self.name:
                found[parts[1]] = False
        return found

    def figure(self, text):
        self.figures.append(text)

    def check(self, holds, what, message):
        """Records that the rule on `what` (a path, a symbol) is broken. An
        exception for a path holds for its lines, because line numbers change."""
        if holds:
            return
        excused = re.sub(r":\d+$", "", what)
        if excused in self.exceptions:
            self.exceptions[excused] = True
            return
        self.broken.append(f"{what}: {message}")

    def finish(self):
        for what, used in self.exceptions.items():
            if not used:
                self.broken.append(f"exceptions.txt: nothing needs "
                                   f"'{self.name} | {what}'")
        excused = len(self.exceptions)
        print(f"{self.name}: {'; '.join(self.figures)}; "
              f"{excused} exceptions, {len(self.broken)} broken")
        for line in self.broken:
            print(f"  {line}")
        sys.exit(1 if self.broken else 0)
