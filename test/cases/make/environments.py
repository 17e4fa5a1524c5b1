#!/usr/bin/env python3
# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Virtual environments with the versions that cases need, from PyPI.

  environments.py DIR     creates those that DIR lacks

torch is large and lies in one of them, DIR/torch; the others see it through a
.pth file.
"""
import pathlib
import subprocess
import sys
import venv

TORCH = ("torch==2.15.0", "numpy", "safetensors")


def packages_of(folder):
    return next(folder.glob("lib/python*/site-packages"))


def create(folder, requirements, see=None):
    """Answers the Python of the folder; pip sees the packages of `see` too."""
    python = folder / "bin" / "python"
    done = folder / "installed"
    if not done.exists():
        venv.create(folder, with_pip=True, clear=True)
        if see:
            (packages_of(folder) / "torch.pth").write_text(f"{packages_of(see)}\n")
        subprocess.run([python, "-m", "pip", "install", "-q", *requirements], check=True)
        done.write_text("\n".join(requirements) + "\n")
    return python


def python_of(directory, versions):
    directory = pathlib.Path(directory).resolve()
    create(directory / "torch", TORCH)
    name = f"transformers-{versions.transformers}-peft-{versions.peft}"
    return create(directory / name, (f"transformers=={versions.transformers}",
                                     f"peft=={versions.peft}"), directory / "torch")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    import tables
    for versions in sorted({case.versions for cases in tables.FOLDERS.values()
                            for case in cases.values()}):
        print(python_of(sys.argv[1], versions))


if __name__ == "__main__":
    main()
