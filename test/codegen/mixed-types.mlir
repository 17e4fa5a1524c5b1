// A weight of f32 over rows of bf16: rows are widened as they are gathered, the
// base is multiplied in f32, the adapter as the layer is, in one accumulator.
// The experts are those that a table has for the token.
// RUN: moelora-opt %s --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=znver4 | FileCheck %s
// RUN: moelora-check-code %s
// RUN: moelora-check-code %s --tokens=1500 --seed=3
// RUN: sed s/bf16/f16/g %s > %t.f16.mlir
// RUN: moelora-check-code %t.f16.mlir --seed=2

// CHECK-DAG: llvm.func internal @layer.gather_21_by_4_widened_f32(
// CHECK-DAG: llvm.func internal @layer.gather_21_by_4(
// CHECK-DAG: llvm.func internal @layer.tile_4x4x21_f32_lora_1x5(
// CHECK-DAG: llvm.func internal @layer.tile_4x4x21(

!plan = !moelora.plan<5 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!table = !moelora.slot_table<2 slots, 1 experts, 1 x 5 x 21, max_rank = 20, bf16>

moelora.layer @layer(
    %x: tensor<?x21xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %tokens: tensor<?xi32> {moelora.role = #moelora.role<token_ids>},
    %wr: tensor<1x5x21xf32> {moelora.role = #moelora.role<router_weight>},
    %br: tensor<1x5xf32> {moelora.role = #moelora.role<router_bias>},
    %w1: tensor<5x1x12x21xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<5x21x12xbf16> {moelora.role = #moelora.role<down_weight>},
    %rows: tensor<9x2xi32> {moelora.role = #moelora.role<token_table>},
    %t: !table {moelora.role = #moelora.role<router_adapters>})
    -> tensor<?x21xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %one = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.expert_gemm gather %x by %one, %wr bias(%br : tensor<1x5xf32>)
    : tensor<?x21xbf16>, !one, tensor<1x5x21xf32> -> tensor<?x5xf32>
  %ld = moelora.lora_delta gather %x by %one, %t into %l
    : tensor<?x21xbf16>, !one, !table, tensor<?x5xf32>
  %ids, %w = moelora.route %ld
    table(%rows at %tokens : tensor<9x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = sqrtsoftplus>}
    : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w1
    : tensor<?x21xbf16>, !plan, tensor<5x1x12x21xbf16> -> tensor<?x1x12xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x12xf32> -> tensor<?x12xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x12xbf16>, !plan, tensor<5x21x12xbf16> -> tensor<?x21xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x21xf32>, !plan, tensor<?x2xf32> -> tensor<?x21xbf16>
  moelora.yield %o : tensor<?x21xbf16>
}
