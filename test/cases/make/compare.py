#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Says where the files of cases differ from those of other ones in what decides
how they are read: names of files, names, types and shapes of tensors, keys and
values of configurations. Values of tensors and the number of tokens are free.

  compare.py MADE [COMMITTED]      folders of cases; default: test/cases
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import tensors  # noqa: E402  lies beside the cases

# What differs from machine to machine, and notes.
FREE = {"base_model_name_or_path", "transformers_version", "producer", "notes"}


def unordered(value):
    """PEFT keeps names as sets, and writes them in any order."""
    return sorted(value, key=str) if isinstance(value, list) else value


def of_json(path):
    found = json.loads(path.read_text())
    return {key: unordered(value) for key, value in found.items() if key not in FREE}


def of_tensors(path):
    rows = slice(1, None) if path.name == "io.safetensors" else slice(None)
    try:
        header = tensors.read_header(path)
    except ValueError as error:
        return {"header": str(error)}
    return {name: (entry["dtype"], tuple(entry["shape"][rows])) for name, entry in header.items()}


def differences(made, committed):
    """Lines that name each difference of two cases."""
    files = [{str(path.relative_to(case)) for path in case.rglob("*") if path.is_file()}
             for case in (made, committed)]
    for name in sorted(files[0] ^ files[1]):
        yield f"{name} is only in {made if name in files[0] else committed}"
    for name in sorted(files[0] & files[1]):
        read = {".json": of_json, ".safetensors": of_tensors}.get(pathlib.Path(name).suffix)
        ours, theirs = (read(case / name) if read else {} for case in (made, committed))
        for key in sorted(ours.keys() | theirs.keys()):
            if key not in ours or key not in theirs or ours[key] != theirs[key]:
                yield f"{name}: {key}: {ours.get(key)} is {theirs.get(key)} in {committed}"


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    made = pathlib.Path(sys.argv[1]).resolve()
    committed = pathlib.Path(sys.argv[2]).resolve() if len(sys.argv) == 3 else HERE.parent
    same = differ = 0
    for path in sorted(made.rglob("case.json")):
        name = path.parent.relative_to(made)
        found = list(differences(path.parent, committed / name))
        same, differ = same + (not found), differ + bool(found)
        for line in found:
            print(f"{name}: {line}")
    print(f"{same} the same, {differ} differ")
    return 1 if differ or not same else 0


if __name__ == "__main__":
    sys.exit(main())
