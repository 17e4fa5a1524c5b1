// Where it is asked for, a pass that fails leaves a file that fails again in the
// same way. Nothing is left unasked.
// RUN: rm -rf %t && mkdir %t
// RUN: env TMPDIR=%t not moelora-opt %s --moelora-verify-level 2> %t.log
// RUN: FileCheck %s --implicit-check-not="reproducer generated" < %t.log
// RUN: rmdir %t
// RUN: not moelora-opt %s --moelora-verify-level \
// RUN:   --mlir-pass-pipeline-crash-reproducer=%t.reproducer.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ASKED
// RUN: not moelora-opt --run-reproducer %t.reproducer.mlir 2>&1 | FileCheck %s

// CHECK: error: 'moelora.dispatch' op expects the layer to have ops of the fused level
// ASKED: reproducer generated at `{{.*}}.reproducer.mlir`
moelora.layer @routed(
    %x: tensor<?x8xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>})
    -> tensor<?x8xf32> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  moelora.yield %x : tensor<?x8xf32>
}
