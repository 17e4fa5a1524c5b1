# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The lit suite. Two switches run it once more in another way:

  lit --param roundtrip=1   moelora-opt also prints and parses again what it
                            reads, as text and as bytecode, and compares
  lit --param bytecode=1    moelora-opt reads bytecode of the test's file
"""
import os
import shutil

import lit.formats

config.name = "moelora"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.moelora_build, "test")
# Cases are data for test/cases/run_cases.py; Inputs are read by tests.
config.excludes = ["cases", "Inputs"]

binaries = os.path.join(config.moelora_build, "bin")
config.environment["PATH"] = os.pathsep.join(
    [binaries, config.llvm_tools, os.environ.get("PATH", "")])
config.environment["MOELORA_LLVM_DIR"] = os.path.dirname(config.llvm_tools)
# Scripts import their neighbours; nothing is written into the source tree.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"):
    if name in os.environ:
        config.environment[name] = os.environ[name]


def opt_command():
    """`moelora-opt` as this run wants it."""
    tool = os.path.join(binaries, "moelora-opt")
    if lit_config.params.get("roundtrip"):
        return f"{tool} --verify-roundtrip"
    if lit_config.params.get("bytecode"):
        wrapper = os.path.join(config.test_source_root, "through-bytecode")
        return f"bash {wrapper} {tool}"
    return tool


config.substitutions += [
    ("%moelora-opt", opt_command()),
    # The bare name, where it is not a part of another word or path.
    (r"(?<![-%/\w.])moelora-opt(?![-\w./])", opt_command()),
    ("%source", config.moelora_source),
    ("%build", config.moelora_build),
    ("%mutant", os.path.join(config.moelora_build, "test", "differential",
                             "mutants", "moelora-differential")),
    ("%lib", os.path.join(config.moelora_build, "lib")),
    ("%python", f'"{config.python}"'),
    ("%cmake", config.cmake),
    ("%clangxx", config.cxx),
    ("%clang", config.cc),
]

def has_terminals():
    """Whether a test can make a terminal, which some containers lack."""
    try:
        ends = os.openpty()
    except OSError:
        return False
    for end in ends:
        os.close(end)
    return True


if has_terminals():
    config.available_features.add("terminals")
if shutil.which("ptxas") or shutil.which("/usr/local/cuda/bin/ptxas"):
    config.available_features.add("ptxas")
# A test under MPI needs the plug-in and the launcher. Open MPI refuses to run as
# root and to start more processes than there are cores, unless it is told to.
for mpi in ("mpich", "openmpi"):
    launcher = shutil.which(f"mpiexec.{mpi}")
    plugin = os.path.join(config.moelora_build, "lib", f"libmoelora_{mpi}.so")
    if launcher and os.path.exists(plugin):
        config.available_features.add(mpi)
    config.substitutions.append((f"%{{mpiexec-{mpi}}}", launcher or "false"))
config.environment.update({
    "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    "OMPI_MCA_rmaps_base_oversubscribe": "1"})
if config.sanitizers:
    config.available_features.add("sanitizers")
if lit_config.params.get("roundtrip") or lit_config.params.get("bytecode"):
    config.available_features.add("rerun")
