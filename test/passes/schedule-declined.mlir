// RUN: moelora-opt %s --moelora-schedule=target=sm_80 \
// RUN:   --remarks-filter=schedule -o %t.mlir 2> %t.log
// RUN: FileCheck %s < %t.mlir
// RUN: FileCheck %s --check-prefix=REMARK < %t.log
// What is declined keeps its meaning, and is declined again.
// RUN: moelora-interpret %s --compare=%t.mlir
// RUN: moelora-interpret %s --compare=%t.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.mlir --moelora-schedule=target=sm_80 | diff %t.mlir -
// DEFINE: %{refuse} = not moelora-opt %s --mlir-pass-pipeline-crash-reproducer=%t.reproducer.mlir
// RUN: %{refuse} --moelora-schedule=target=sm_70 2>&1 | FileCheck %s --check-prefix=TARGET
// TARGET: expects the target to be cpu, sm_80, sm_86, sm_89, sm_90, sm_120 or emulated-sm_NN, but it is 'sm_70'
// RUN: %{refuse} --moelora-schedule="target=sm_80 tiles=8,24" 2>&1 | FileCheck %s --check-prefix=TILES
// TILES: expects tiles of 8, 16, 32, 64 or 128 tokens, of which the schedule has at least one, but the tiles are of [8, 24] tokens
// RUN: %{refuse} --moelora-schedule="target=sm_80 tiles=32 schedule=decode" 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: of which the schedule has at least one, but the tiles are of [32] tokens
// RUN: %{refuse} --moelora-schedule=tile-rows=50 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: expects rows to be a positive multiple of group and at most 1048576, but rows is 50 and group is 4

!plan = !moelora.plan<1 experts, 2 slots, top_k = 1>
!wide = !moelora.slot_table<2 slots, 1 experts, 1 x 16 x 16, max_rank = 16, f32>

// Pages of f32 have no order for tensor cores, so the shrink cannot run on them.
// CHECK-LABEL: @adapters_of_f32
// CHECK-SAME: max_rank = 16, f32>
// CHECK: moelora.plan {{.*}} schedule(
// CHECK: moelora.shrink
// CHECK-NOT: schedule
// CHECK: moelora.grouped_matmul {{.*}} schedule(
// REMARK: remark: [Missed] PageOrder | Category:schedule | Reason="a table has elements of 4 bytes"
// REMARK: remark: [Missed] Tile | Category:schedule | Reason="its adapters do not have elements of 2 bytes"
moelora.layer @adapters_of_f32(
    %x: tensor<?x16xf32> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %w: tensor<1x16x16xf32> {moelora.role = #moelora.role<shared_down_weight>},
    %t: !wide {moelora.role = #moelora.role<shared_down_adapters>})
    -> tensor<?x16xf32> {
  %slot = moelora.resolve_slots %ids in %t : tensor<?xi32>, !wide
  %plan = moelora.plan slots(%slot : tensor<?xi32>) -> !plan
  %u = moelora.shrink gather %x by %plan, %t
    : tensor<?x16xf32>, !plan, !wide -> tensor<?x1x16xf32>
  %o = moelora.grouped_matmul gather %x by %plan, %w
    lora(%u, %t : tensor<?x1x16xf32>, !wide) sum
    : tensor<?x16xf32>, !plan, tensor<1x16x16xf32> -> tensor<?x16xf32>
  moelora.yield %o : tensor<?x16xf32>
}

// What the IR pins stays, and the ops over a pinned plan have its tokens.
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
// CHECK-LABEL: @pinned
// CHECK: moelora.plan schedule({{.*}}tiles = [<tokens = 64, features = 64, k = 64, warps = 2 x 2, split_k = 1, stages = 2>]>)
// CHECK: moelora.grouped_matmul {{.*}} schedule({{.*}}order = tile, tiles = [<tokens = 64, features = 32,
// CHECK: moelora.grouped_matmul {{.*}} schedule({{.*}}order = k, tiles = [<tokens = 64, features = 64, {{[^<]*}}>]>)
// REMARK: remark: [Missed] Plan | Category:schedule | Reason="the op has a schedule"
// REMARK: remark: [Missed] Tile | Category:schedule | Reason="the op has a schedule"
moelora.layer @pinned(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %one = moelora.plan schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 64, features = 64, k = 64, warps = 2 x 2, split_k = 1,
       stages = 2>]>) -> !one
  %y = moelora.grouped_matmul gather %x by %one, %w
    schedule(<strategy = in_place, order = tile, tiles = [
      <tokens = 64, features = 32, k = 64, warps = 2 x 2, split_k = 1,
       stages = 2>]>)
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xf32>
  %o = moelora.grouped_matmul gather %x by %one, %w sum shared(%y : tensor<?x16xf32>)
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}

// A plan that is divided for a CPU is not divided for a GPU.
// CHECK-LABEL: @of_a_cpu
// CHECK: moelora.plan schedule(#moelora.cpu_schedule<rows = 8, group = 4>)
// CHECK: moelora.grouped_matmul
// CHECK-NOT: schedule
// REMARK: remark: [Missed] Tile | Category:schedule | Reason="its plan has the schedule of a CPU"
moelora.layer @of_a_cpu(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %one = moelora.plan schedule(#moelora.cpu_schedule<rows = 8, group = 4>)
    -> !one
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}

// Half fused: the plan is still a dispatch.
// CHECK-LABEL: @not_fused_yet
// CHECK: moelora.grouped_matmul
// CHECK-NOT: schedule
// REMARK: remark: [Missed] Tile | Category:schedule | Reason="no plan op makes its plan"
moelora.layer @not_fused_yet(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w: tensor<1x16x16xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %one = moelora.dispatch -> !one
  %o = moelora.grouped_matmul gather %x by %one, %w sum
    : tensor<?x16xbf16>, !one, tensor<1x16x16xbf16> -> tensor<?x16xbf16>
  moelora.yield %o : tensor<?x16xbf16>
}
