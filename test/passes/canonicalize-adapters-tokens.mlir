// The plan of tokens of an empty table goes with its shrink.
// RUN: sed 's/4 slots/0 slots/' %S/shared-outer.mlir \
// RUN:   | moelora-opt --moelora-shared-outer -o %t.mlir
// RUN: FileCheck %s --check-prefix=BEFORE < %t.mlir
// RUN: moelora-opt %t.mlir --moelora-canonicalize-adapters | FileCheck %s

// BEFORE: moelora.plan slots(
// BEFORE: moelora.shrink
// BEFORE: lora(gather

// CHECK-COUNT-1: moelora.plan
// CHECK-NOT: moelora.plan
// CHECK: moelora.grouped_matmul gather %hidden by %plan, %gate_up_weight activate(<silu, gated>)
// CHECK-NOT: moelora.{{plan|shrink}}
