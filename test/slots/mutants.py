# Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Slot tables with a part missing, to see that the explorer misses it. A table
for test/mutants.py."""

NO_WAIT_FOR_STORES = (
    "Step.cpp",
    "  for (const Store &store : table.core.stores())\n    wait(store.fence);\n",
    "")

EARLY_SERIALS = [
    ("SlotCore.cpp", "onTheirWay.push_back({slot, fence, buffer});",
     "onTheirWay.push_back({slot, fence, buffer ? buffer | "
     "static_cast<BufferId>((enters + 1) << 16) : 0});"),
    ("SlotCore.cpp", "retired.push_back({buffer, enters});",
     "retired.push_back({buffer & 0xffff, buffer >> 16 ? "
     "(buffer >> 16) - 1 : enters});")]

MUTANTS = {
    # A step accepts every generation of a slot.
    "no-generations": [(
        "StepKernel.cpp",
        "generationOfId(id, r.indexBits) == generationOfWord(word)", "true")],
    # Every event is taken to have passed.
    "no-events": [(
        "SlotFences.cpp",
        "return passed ? FenceState::Passed : FenceState::Pending;",
        "(void)passed;\n  return FenceState::Passed;")],
    # Memory does not wait for steps.
    "no-steps": [(
        "SlotCore.cpp",
        "retired.empty() || !past(retired.front().enters)",
        "retired.empty()")],
    # Steps are not ordered after unfinished stores.
    "unordered-steps": [NO_WAIT_FOR_STORES],
    # A buffer waits for the steps that had entered when its store was enqueued.
    # Steps that enter between that and the store may still read it, but they
    # are ordered after the store, so this change alone has no effect.
    "early-serials": EARLY_SERIALS,
    "early-serials-unordered-steps": [*EARLY_SERIALS, NO_WAIT_FOR_STORES],
    # A store does not come after earlier ones of its slot.
    "unordered-stores": [(
        "SlotTableState.cpp",
        "    if (store.slot == slot)\n"
        "      call(device, &moelora_device::stream_wait, stream,\n"
        "           fences.event(store.fence));\n", "    (void)store;\n")],
    # A step does not come after its own last leave.
    "unordered-leaves": [(
        "Step.cpp",
        "    wait(table.core.step(step.serial)->left);\n", "    (void)wait;\n")],
    # A step that has left can still be used.
    "tickets-that-stay": [(
        "Step.cpp",
        "  call(table.device, &moelora_device::store, stream, step.ticket(),\n"
        "       uint64_t(0));\n", "")],
    # Graphs outside of a step are resolved.
    "no-tickets": [(
        "StepKernel.cpp",
        "__atomic_load_n(resolution.ticket, __ATOMIC_ACQUIRE) != 0", "true")],
    # A released adapter is idle at once.
    "no-releases": [("SlotCore.cpp", "  slot.released = enters;\n", "")],
    # Memory of evicted adapters is never freed.
    "no-evictions": [(
        "SlotCore.cpp", "store(index, fence, std::exchange(slot.buffer, 0));",
        "store(index, fence, std::exchange(slot.buffer, 0) & 0);")],
}
