// Layers of parts compile, with sums of f32 as their output.
// RUN: moelora-compile %S/../passes/instantiate.mlir --emit=mlir -o %t.mlir
// RUN: moelora-check-code %t.mlir | FileCheck %s
// CHECK: @experts_cut_2x4 {{.*}} worst error / bound
// CHECK: @experts_cut_1x2_0 {{.*}} worst error / bound

// A sum that is not rounded is not the layer that a description has.
// RUN: moelora-opt %t.mlir --moelora-to-cpu=cpu=x86-64-v3 -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SUM
// SUM: expects an output of the layer's type, but it is a sum of f32
