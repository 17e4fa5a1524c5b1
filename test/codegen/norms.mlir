// The router reads a norm of a tensor of its own, in f32, its adapter the same
// norm rounded; each expert has a scale. The output is normalised.
// RUN: moelora-opt %s --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4 | FileCheck %s
// RUN: moelora-check-code %s
// RUN: sed s/bf16/f32/g %s > %t.f32.mlir
// RUN: moelora-check-code %t.f32.mlir --seed=2

// CHECK-COUNT-3: llvm.func internal @layer.rms_norm_

!plan = !moelora.plan<5 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!table = !moelora.slot_table<2 slots, 1 experts, 1 x 5 x 37, max_rank = 16, bf16>

moelora.layer @layer(
    %x: tensor<?x37xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %z: tensor<?x37xbf16> {moelora.role = #moelora.role<router_hidden>},
    %wr: tensor<1x5x37xf32> {moelora.role = #moelora.role<router_weight>},
    %w1: tensor<5x1x12x37xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<5x37x12xbf16> {moelora.role = #moelora.role<down_weight>},
    %es: tensor<5xf32> {moelora.role = #moelora.role<expert_scale>},
    %nr: tensor<37xf32> {moelora.role = #moelora.role<router_norm_weight>},
    %no: tensor<37xf32> {moelora.role = #moelora.role<output_norm_weight>},
    %t: !table {moelora.role = #moelora.role<router_adapters>})
    -> tensor<?x37xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %wide = moelora.rms_norm %z weight(%nr : tensor<37xf32>)
    {epsilon = 1.0e-06 : f32, scale = 0.5 : f32}
    : tensor<?x37xbf16> -> tensor<?x37xf32>
  %rounded = moelora.rms_norm %z weight(%nr : tensor<37xf32>)
    {epsilon = 1.0e-06 : f32, scale = 0.5 : f32}
    : tensor<?x37xbf16> -> tensor<?x37xbf16>
  %l = moelora.expert_gemm gather %wide by %one, %wr
    : tensor<?x37xf32>, !one, tensor<1x5x37xf32> -> tensor<?x5xf32>
  %ld = moelora.lora_delta gather %rounded by %one, %t into %l
    : tensor<?x37xbf16>, !one, !table, tensor<?x5xf32>
  %ids, %w = moelora.route %ld scale(%es : tensor<5xf32>)
    {router = #moelora.router<top_k = 2, score = softmax, renormalize = sum>}
    : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x37xbf16>, !plan, tensor<5x1x12x37xbf16> -> tensor<?x1x12xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x12xf32> -> tensor<?x12xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x12xbf16>, !plan, tensor<5x37x12xbf16> -> tensor<?x37xf32>
  %sum = moelora.combine %y by %plan, %w
    : tensor<?x37xf32>, !plan, tensor<?x2xf32> -> tensor<?x37xbf16>
  %o = moelora.rms_norm %sum weight(%no : tensor<37xf32>)
    {epsilon = 1.0e-05 : f32} : tensor<?x37xbf16> -> tensor<?x37xbf16>
  moelora.yield %o : tensor<?x37xbf16>
}
