# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Checks that every pointer of every exported function is NULL once in the
calls of test/runtime/invalid/, and that nothing else is.

invalid.py SOURCE
"""
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
# Headers whose functions have such a test elsewhere: test/device/ArgumentTest.cpp.
LEFT_OUT = {"Device"}
# Arguments that may be NULL, as the headers say.
MAY = {"error"}
MAY_OF = {("moelora_load_poll", "progress"), ("moelora_load_poll", "id"),
          ("moelora_load_wait", "id"),
          # The services, the owner of the name, and the callback.
          ("moelora_slot_table_assign", "staging"),
          ("moelora_slot_table_replace", "staging"),
          ("moelora_slot_table_stage", "name"),
          ("moelora_slot_table_stage", "staging"),
          ("moelora_slot_table_observe", "observer"),
          ("moelora_slot_table_observe", "context"),
          ("moelora_set_log", "log"), ("moelora_set_log", "context"),
          # One of the two; nothing is left of an interrupted call.
          ("moelora_group_publish", "staged"),
          ("moelora_group_publish", "failed"),
          ("moelora_group_reconcile", "staged"),
          # Nothing is stated.
          ("moelora_adapter_open", "options"),
          ("moelora_adapter_open_memory", "options"),
          ("moelora_loader_open", "options"),
          ("moelora_loader_prefetch", "options"),
          # Any target; one thread.
          ("moelora_artifact_variant", "target"),
          ("moelora_program_create", "target"),
          ("moelora_program_create", "services"),
          # Layers without adapters.
          ("moelora_model_table", "table"),
          ("moelora_services_init", "pool"),
          # The device runs kernels of the host.
          ("moelora_step_create", "program"),
          ("moelora_step_resolve", "valid_tokens")}
# NULL is a stream.
MAY |= {"stream"}
DECLARED = re.compile(r"MOELORA_API([^;{]*?)\b(moelora_\w+)\s*\(([^;]*?)\)\s*;")
CALLED = re.compile(r'\{"(moelora_\w+)",\s*"(\w+)"')


def pointers(arguments):
    # A pointer to a function has arguments of its own.
    arguments = re.sub(r"\(\*(\w+)\)\s*\([^)]*\)?", r"*\1", arguments)
    for argument in arguments.split(","):
        if "*" in argument:
            yield re.search(r"(\w+)\s*(?:\[\w*\])?\s*$", argument).group(1)


def wanted(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    for _, function, arguments in DECLARED.findall(text):
        for name in pointers(arguments):
            own = function.startswith("moelora_error") or name not in MAY
            if own and (function, name) not in MAY_OF:
                yield function, name


problems, checked = [], 0
for header in sorted((source / "include/moelora/runtime").glob("*.h")):
    calls = source / "test/runtime/invalid" / f"{header.stem}.cpp"
    there = set(CALLED.findall(calls.read_text())) if calls.exists() else set()
    want = set() if header.stem in LEFT_OUT else set(wanted(header))
    if header.stem in LEFT_OUT and there:
        problems.append(f"{header.stem} is left out, but has calls")
        continue
    checked += len(want)
    problems += [f"{header.stem}.h: no call of {function} with NULL for {name}"
                 for function, name in sorted(want - there)]
    problems += [f"{calls.name}: {function} has no pointer {name}"
                 for function, name in sorted(there - want)]
if problems or not checked:
    sys.exit("\n".join(problems) or "nothing to check")
