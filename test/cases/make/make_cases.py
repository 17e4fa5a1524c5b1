#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Makes cases: a tiny random model, adapters, the output.

  make_cases.py FOLDER [NAME ...] --environments DIR [--out OUT]

FOLDER is families, field, transformers4 or transformers5; default: all of its
cases, and OUT the folder test/cases. Each case is made by the Python in DIR
that has its versions of the libraries (environments.py), which is created where
it is missing. Without --environments this Python makes them, and needs those
versions itself. README.md beside this file says more.
"""
import argparse
import collections
import os
import pathlib
import subprocess
import sys
import traceback

import environments
import tables

HERE = pathlib.Path(__file__).resolve().parent


def make_here(args, cases):
    """Makes cases with the libraries of this Python; how many failed."""
    import peft
    import torch
    import transformers

    from case import Versions
    from steps import make
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    transformers.logging.set_verbosity_error()
    if hasattr(transformers.logging, "disable_progress_bar"):
        transformers.logging.disable_progress_bar()
    here, failed = Versions(transformers.__version__, peft.__version__), 0
    for name, case in cases.items():
        try:
            if case.versions != here:
                raise ValueError(f"expects {case.versions}, but here are {here}")
            make(args.out / args.folder / name, case)
            print(f"{name}: made", flush=True)
        except Exception as error:  # one case's trouble is not another's
            failed += 1
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            if args.trace:
                traceback.print_exc()
    return failed


def make_in(args, cases):
    """Makes cases with the libraries that each needs; how many groups failed."""
    groups, failed = collections.defaultdict(list), 0
    for name, case in cases.items():
        groups[case.versions].append(name)
    more = ["--trace"] if args.trace else []
    # PEFT writes sets of names, in the order of their hashes.
    environment = dict(os.environ, PYTHONHASHSEED="0")
    for versions, names in groups.items():
        python = environments.python_of(args.environments, versions)
        done = subprocess.run([python, HERE / "make_cases.py", args.folder, *names,
                               "--out", args.out, *more], check=False,
                              env=environment)
        failed += done.returncode != 0
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", choices=tables.FOLDERS)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--environments", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=HERE.parent)
    parser.add_argument("--trace", action="store_true", help="where an error arose")
    args = parser.parse_args()
    args.out = args.out.resolve()
    cases = tables.FOLDERS[args.folder]
    if unknown := set(args.names) - set(cases):
        parser.error(f"expects names of cases, but {sorted(unknown)} are none")
    cases = {name: case for name, case in cases.items() if not args.names or name in args.names}
    return 1 if (make_in if args.environments else make_here)(args, cases) else 0


if __name__ == "__main__":
    sys.exit(main())
