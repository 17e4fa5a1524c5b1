// What each tier multiplies with, and what the artifact then says it needs.
// RUN: moelora-opt %s --moelora-schedule --convert-moelora-to-cpu=cpu=znver4 \
// RUN:   | FileCheck %s --check-prefix=DOT
// RUN: moelora-opt %s --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4 \
// RUN:   | FileCheck %s --check-prefix=WIDE
// RUN: moelora-opt %s --moelora-schedule=group-rows=2 \
// RUN:   --convert-moelora-to-cpu=cpu=x86-64-v3 \
// RUN:   | FileCheck %s --check-prefix=NARROW
// A tier may be asked for by name.
// RUN: moelora-opt %s --moelora-schedule=group-rows=2 \
// RUN:   --convert-moelora-to-cpu="cpu=znver4 tier=avx2" \
// RUN:   | FileCheck %s --check-prefix=NARROW
// The pipeline divides rows as the registers of the tier require.
// RUN: moelora-opt %s --moelora-to-cpu="cpu=znver4 tier=avx2" \
// RUN:   | FileCheck %s --check-prefix=GROUP
// GROUP: @layer.tile_2x4x20(
// GROUP-NOT: @layer.tile_4x4x20(
// The instruction is not asked for where no value is bf16.
// RUN: sed s/bf16/f32/g %s \
// RUN:   | moelora-opt --moelora-schedule --convert-moelora-to-cpu=cpu=znver4 \
// RUN:   | FileCheck %s --check-prefix=WIDE

// DOT-DAG: llvm.x86.avx512bf16.dpbf16ps.512
// DOT-DAG: "avx2,avx512bf16,avx512bw,avx512dq,avx512f,avx512vl,f16c,fma\00"
// DOT-DAG: @layer.tile_4x4x20(

// WIDE-NOT: dpbf16ps
// WIDE-DAG: vector.fma {{.*}} : vector<16xf32>
// WIDE-DAG: "avx2,avx512bw,avx512dq,avx512f,avx512vl,f16c,fma\00"
// WIDE-DAG: @layer.tile_4x4x20(

// NARROW-NOT: dpbf16ps
// NARROW-DAG: vector.fma {{.*}} : vector<8xf32>
// NARROW-DAG: "avx2,f16c,fma\00"
// NARROW-DAG: @layer.tile_2x4x20(
// NARROW-NOT: @layer.tile_4x4x20(

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
