// Layers of parts: one for each layer and cut that is called.
// RUN: moelora-opt %s --moelora-instantiate | FileCheck %s
// A second run finds the layers of the first.
// RUN: moelora-opt %s --moelora-instantiate -o %t.once
// RUN: moelora-opt %t.once --moelora-instantiate | diff %t.once -
// RUN: sed -n '/^\/\/ AGAIN/,$s/^\/\/ AGAIN//p' %s > %t.more
// RUN: sed '/^}/,$d' %t.once > %t.mlir && cat %t.more >> %t.mlir
// RUN: moelora-opt %t.mlir --moelora-instantiate | FileCheck %s --check-prefix=MORE
// MORE-COUNT-1: moelora.layer @experts_cut_2x4
// MORE-NOT: moelora.layer @experts_cut_2x4
// MORE-LABEL: func.func @more
// MORE: call @experts_cut_2x4(

!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 32, max_rank = 16, bf16>
!p2 = !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 8, max_rank = 16, bf16>
!q2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 16, max_rank = 16, bf16>

// CHECK-LABEL: moelora.layer @experts(
// CHECK-LABEL: moelora.layer @experts_cut_2x4(
// CHECK-SAME: %[[X:.*]]: tensor<?x64xbf16>
// CHECK-SAME: tensor<2x2x8x64xbf16> {moelora.role = #moelora.role<gate_up_weight>}
// CHECK-SAME: tensor<2x64x8xbf16> {moelora.role = #moelora.role<down_weight>}
// CHECK-SAME: !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 8, max_rank = 16, bf16>
// CHECK-SAME: %[[MAP:.*]]: tensor<1x4xi32> {moelora.role = #moelora.role<expert_map>})
// CHECK-SAME: -> tensor<?x64xf32>
// CHECK: resolve_slots
// CHECK: dispatch {{.*}} map(%[[MAP]] : tensor<1x4xi32>) {{.*}} -> <2 experts, 4 slots, top_k = 2>
// CHECK: expert_gemm gather %[[X]] {{.*}} tensor<2x2x8x64xbf16> -> tensor<?x2x8xf32>
// CHECK: activation {{.*}} : tensor<?x2x8xf32> -> tensor<?x8xbf16>
// CHECK: expert_gemm {{.*}} tensor<2x64x8xbf16> -> tensor<?x64xf32>
// CHECK: lora_delta {{.*}} tensor<?x64xf32>
// CHECK: combine {{.*}} -> tensor<?x64xf32>
// CHECK: yield {{.*}} : tensor<?x64xf32>
// CHECK-LABEL: moelora.layer @experts_cut_1x2_0(
// CHECK-NOT: moelora.layer
// CHECK-LABEL: func.func private @experts_cut_1x2(
moelora.layer @experts(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<4x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !plan, tensor<4x2x32x64xbf16> -> tensor<?x2x32xf32>
  %a = moelora.activation %h {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<4x64x32xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %t2 into %y
    : tensor<?x32xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// The name of a layer that is made is one that the host does not use.
func.func private @experts_cut_1x2()

// CHECK-LABEL: func.func @calls
func.func @calls(%x: tensor<?x64xbf16>, %s: tensor<?xi32>, %i: tensor<?x2xi32>,
                 %w: tensor<?x2xf32>, %w13: tensor<4x2x32x64xbf16>,
                 %w2: tensor<4x64x32xbf16>, %t2: !t2,
                 %p13: tensor<2x2x8x64xbf16>, %pw2: tensor<2x64x8xbf16>,
                 %p2: !p2, %map: tensor<1x4xi32>,
                 %q13: tensor<4x2x16x64xbf16>,
                 %qw2: tensor<4x64x16xbf16>, %q2: !q2)
                 -> (tensor<?x64xbf16>, tensor<?x64xf32>, tensor<?x64xf32>,
                     tensor<?x64xf32>) {
  // CHECK: call @experts({{.*}}) : (
  %0 = moelora.call @experts(%x, %s, %i, %w, %w13, %w2, %t2) cut = [1, 1]
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x2x32x64xbf16>, tensor<4x64x32xbf16>, !t2) -> tensor<?x64xbf16>
  // CHECK: call @experts_cut_2x4({{.*}}) : (
  %1 = moelora.call @experts(%x, %s, %i, %w, %p13, %pw2, %p2, %map)
    cut = [2, 4]
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<2x2x8x64xbf16>, tensor<2x64x8xbf16>, !p2, tensor<1x4xi32>)
      -> tensor<?x64xf32>
  // CHECK: call @experts_cut_1x2_0({{.*}}) : (
  %2 = moelora.call @experts(%x, %s, %i, %w, %q13, %qw2, %q2) cut = [1, 2]
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x2x16x64xbf16>, tensor<4x64x16xbf16>, !q2) -> tensor<?x64xf32>
  // CHECK: call @experts_cut_2x4({{.*}}) : (
  %3 = moelora.call @experts(%x, %s, %i, %w, %p13, %pw2, %p2, %map)
    cut = [2, 4]
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<2x2x8x64xbf16>, tensor<2x64x8xbf16>, !p2, tensor<1x4xi32>)
      -> tensor<?x64xf32>
  return %0, %1, %2, %3 : tensor<?x64xbf16>, tensor<?x64xf32>,
    tensor<?x64xf32>, tensor<?x64xf32>
}

// AGAIN func.func @more(%x: tensor<?x64xbf16>, %s: tensor<?xi32>,
// AGAIN     %i: tensor<?x2xi32>, %w: tensor<?x2xf32>,
// AGAIN     %p13: tensor<2x2x8x64xbf16>, %pw2: tensor<2x64x8xbf16>,
// AGAIN     %p2: !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 8, max_rank = 16, bf16>,
// AGAIN     %map: tensor<1x4xi32>) -> tensor<?x64xf32> {
// AGAIN   %0 = moelora.call @experts(%x, %s, %i, %w, %p13, %pw2, %p2, %map) cut = [2, 4]
// AGAIN     : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
// AGAIN       tensor<2x2x8x64xbf16>, tensor<2x64x8xbf16>,
// AGAIN       !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 8, max_rank = 16, bf16>,
// AGAIN       tensor<1x4xi32>) -> tensor<?x64xf32>
// AGAIN   return %0 : tensor<?x64xf32>
// AGAIN }
// AGAIN }
