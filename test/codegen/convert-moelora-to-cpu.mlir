// RUN: moelora-opt %s --moelora-schedule \
// RUN:   --convert-moelora-to-cpu=cpu=x86-64-v4 | FileCheck %s
// A module without a layer is left as it is.
// RUN: moelora-opt %s --moelora-schedule \
// RUN:   --convert-moelora-to-cpu=cpu=x86-64-v4 -o %t.mlir
// RUN: moelora-opt %t.mlir --convert-moelora-to-cpu=cpu=x86-64-v4 \
// RUN:   | diff %t.mlir -
// Nothing but the queries is seen from outside.
// RUN: FileCheck %s --check-prefix=PRIVATE < %t.mlir

// Tiles of as many rows as a group may have, of three columns for the router,
// of four for the others; each once, although two stages multiply by K = 20.
// CHECK-DAG: llvm.func internal @layer.tile_1x3x20(
// CHECK-DAG: llvm.func internal @layer.tile_4x3x20(
// CHECK-DAG: llvm.func internal @layer.tile_4x4x20(
// CHECK-DAG: llvm.func internal @layer.tile_4x4x20_lora_2x28(
// CHECK-DAG: llvm.func internal @layer.tile_4x4x28_lora_1x20(
// CHECK-DAG: llvm.func internal @layer.gather_20_by_4(
// CHECK-DAG: llvm.func internal @layer.layout(%{{.*}}: i64, %{{.*}}: i64, %{{.*}}: !llvm.ptr) -> i64
// CHECK-DAG: llvm.func internal @layer.workspace(%{{.*}}: i32, %{{.*}}: i64, %{{.*}}: i32) -> i64
// CHECK-DAG: llvm.func internal @layer.run(%{{.*}}: !llvm.ptr) -> i32
// CHECK-DAG: llvm.func internal @layer.run_from_logits(
// CHECK-DAG: llvm.func internal @layer.run_from_ids(
// CHECK-DAG: llvm.func @moelora_query_layer(%{{.*}}: i32) -> !llvm.ptr
// CHECK-DAG: llvm.func weak @moelora_query(%{{.*}}: i32, %{{.*}}: i32) -> !llvm.ptr
// CHECK-NOT: moelora.layer

// A rank of 20 is two pages: more are not read, whatever a table says.
// RUN: FileCheck %s --check-prefix=PAGES < %t.mlir
// PAGES-LABEL: llvm.func internal @layer.shrink_
// PAGES: %[[MOST:.*]] = arith.constant 2 : i64
// PAGES: %[[FEWER:.*]] = arith.cmpi slt, %[[THERE:.*]], %[[MOST]] : i64
// PAGES-NEXT: %[[PAGES:.*]] = arith.select %[[FEWER]], %[[THERE]], %[[MOST]] : i64
// PAGES: arith.muli %[[PAGES]],

// PRIVATE-NOT: llvm.func @layer
// PRIVATE-NOT: llvm.mlir.global external

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
