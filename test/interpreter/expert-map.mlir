// The part of a host program: a map without a grid names the experts of the part.
// Fused, it computes the same.
// RUN: moelora-opt %s -o %t.fused --pass-pipeline='builtin.module(moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue))'
// RUN: grep -q 'moelora.plan .* map(' %t.fused
// RUN: moelora-interpret %s --compare=%t.fused --exact-data=63 --mode=rounded --tokens=40 \
// RUN:   | FileCheck %s
// CHECK: @part: worst error / bound 0
// Without the map, other experts compute the pairs.
// RUN: sed -e 's/ map(%map : tensor<1x8xi32>)//' %s > %t.unmapped.mlir
// RUN: not moelora-interpret %s --compare=%t.unmapped.mlir --exact-data=63 --mode=rounded --tokens=40 \
// RUN:   | FileCheck %s --check-prefix=UNMAPPED
// UNMAPPED: @part: worst error / bound {{[1-9i]}}

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @part(
    %x: tensor<?x64xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xf32> {moelora.role = #moelora.role<down_weight>},
    %map: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x64xf32> {
  %plan = moelora.dispatch %ids map(%map : tensor<1x8xi32>)
    : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xf32>, !plan, tensor<4x64x64xf32> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
