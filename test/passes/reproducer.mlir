// A pass that fails leaves a file that fails again in the same way.
// RUN: rm -rf %t && mkdir %t
// RUN: env TMPDIR=%t not moelora-opt %s --moelora-verify-level 2> %t.log
// RUN: FileCheck %s < %t.log
// RUN: cat %t/moelora-opt-*.mlir > %t.reproducer.mlir
// RUN: not moelora-opt --run-reproducer %t.reproducer.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=AGAIN

// CHECK: error: 'moelora.dispatch' op expects the layer to have ops of the fused level
// CHECK: reproducer generated at `{{.*}}/moelora-opt-{{[0-9]+}}.mlir`
// AGAIN: error: 'moelora.dispatch' op expects the layer to have ops of the fused level
moelora.layer @routed(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  moelora.yield %x : tensor<?x8xf32>
}
