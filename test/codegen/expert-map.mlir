// The part of a host program has a map of its experts, and no group.
// RUN: moelora-check-code %s
// RUN: moelora-check-code %s --seed=4
// RUN: moelora-check-code %s --tokens=1100 --seed=5
// Kernels of GPUs read no map.
// RUN: not moelora-opt %s --moelora-to-ptx=target=sm_80 2>&1 \
// RUN:   | FileCheck %s --check-prefix=GPU
// GPU: error: {{.*}}expects the experts of the whole layer for a GPU, but there is a map of experts

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

moelora.layer @part(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %map: tensor<2x8xi32> {moelora.role = #moelora.role<expert_map>})
    -> tensor<?x64xf32> {
  %plan = moelora.dispatch %ids map(%map : tensor<2x8xi32>)
    : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xf32>
  moelora.yield %o : tensor<?x64xf32>
}
