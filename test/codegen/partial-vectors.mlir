// 20 columns are one vector of 16 lanes and a piece of four. The piece is stored
// as a vector of four: masked stores of truncated vectors are not to be trusted.
// RUN: moelora-opt %s --moelora-schedule --convert-moelora-to-cpu=cpu=znver4 \
// RUN:   | FileCheck %s --implicit-check-not=llvm.intr.masked.store
// With 21 there is one lane more.
// RUN: sed -e s/x20x/x21x/g -e "s/ x 20, max/ x 21, max/" \
// RUN:   -e s/x20xbf16/x21xbf16/g -e "s/1 x 20 x/1 x 21 x/" %s \
// RUN:   | sed -e "s/x2x21xbf16/x2x20xbf16/g" -e "s/x1x21xbf16/x1x20xbf16/g" \
// RUN:   | moelora-opt --moelora-schedule --convert-moelora-to-cpu=cpu=znver4 \
// RUN:   | FileCheck %s --check-prefix=ODD \
// RUN:     --implicit-check-not=llvm.intr.masked.store

// CHECK-LABEL: llvm.func internal @layer.combine_
// CHECK: llvm.store %{{.*}} : vector<16xi16>
// CHECK: llvm.store %{{.*}} : vector<4xi16>

// ODD-LABEL: llvm.func internal @layer.combine_
// ODD: llvm.store %{{.*}} : vector<16xi16>
// ODD: llvm.store %{{.*}} : vector<4xi16>
// ODD: llvm.store %{{.*}} : vector<1xi16>

!plan = !moelora.plan<3 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!t13 = !moelora.slot_table<2 slots, 3 experts, 2 x 28 x 20, max_rank = 20, bf16>
!t2 = !moelora.slot_table<2 slots, 3 experts, 1 x 20 x 28, max_rank = 20, bf16>

moelora.layer @layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x3x20xbf16> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<3x2x28x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x28xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x20xbf16> {
  %slot = moelora.resolve_slots %ids in %t13, %t2 : tensor<?xi32>, !t13, !t2
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %logits = moelora.grouped_matmul gather %x by %one, %wr
    : tensor<?x20xbf16>, !one, tensor<1x3x20xbf16> -> tensor<?x3xf32>
  %e, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x3xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u13 = moelora.shrink gather %x by %plan, %t13
    : tensor<?x20xbf16>, !plan, !t13 -> tensor<?x2x20xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u13, %t13 : tensor<?x2x20xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x20xbf16>, !plan, tensor<3x2x28x20xbf16> -> tensor<?x28xbf16>
  %u2 = moelora.shrink %a by %plan, %t2
    : tensor<?x28xbf16>, !plan, !t2 -> tensor<?x1x20xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2
    lora(%u2, %t2 : tensor<?x1x20xbf16>, !t2) combine(%w : tensor<?x2xf32>)
    : tensor<?x28xbf16>, !plan, tensor<3x20x28xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
