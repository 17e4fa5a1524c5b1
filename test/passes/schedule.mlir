// For a CPU, plans say how rows are divided.
// RUN: moelora-opt %s --moelora-schedule -o %t.cpu.mlir
// RUN: FileCheck %s --check-prefix=CPU < %t.cpu.mlir
// RUN: moelora-opt %s --moelora-schedule="tile-rows=64 group-rows=2" \
// RUN:   | FileCheck %s --check-prefix=ROWS
// For a GPU, each op says which tiles are compiled, and tables have the pages
// that tensor cores read.
// RUN: moelora-opt %s --moelora-schedule=target=sm_90 -o %t.gpu.mlir
// RUN: FileCheck %s --check-prefix=GPU < %t.gpu.mlir
// RUN: moelora-opt %s --moelora-schedule=target=emulated-sm_90 \
// RUN:   | diff %t.gpu.mlir -
// Both mean the same, and doing it again changes nothing.
// RUN: moelora-interpret %s --compare=%t.cpu.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.gpu.mlir --tokens=33
// RUN: moelora-interpret %s --compare=%t.gpu.mlir --mode=rounded --seed=2
// RUN: moelora-opt %t.cpu.mlir --moelora-schedule | diff %t.cpu.mlir -
// RUN: moelora-opt %t.gpu.mlir --moelora-schedule=target=sm_90 \
// RUN:   | diff %t.gpu.mlir -
// The options select tiles, for batches or by their tokens.
// RUN: moelora-opt %s --moelora-schedule="target=sm_80 schedule=decode" \
// RUN:   | FileCheck %s --check-prefix=DECODE
// RUN: moelora-opt %s --moelora-schedule="target=sm_80 schedule=prefill" \
// RUN:   | FileCheck %s --check-prefix=PREFILL
// RUN: moelora-opt %s --moelora-schedule="target=sm_80 tiles=32,8 strategy=unfused_peer" \
// RUN:   | FileCheck %s --check-prefix=TILES
// Where shared memory is small, a tile has fewer stages, and then a smaller k.
// RUN: moelora-opt %s --moelora-schedule="target=sm_86 tiles=128" \
// RUN:   | FileCheck %s --check-prefix=SMALL
// Each choice is a remark.
// RUN: moelora-opt %s --moelora-schedule="target=sm_80 schedule=prefill" \
// RUN:   --remarks-filter=schedule -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK
// RUN: moelora-opt %t.gpu.mlir --moelora-schedule --remarks-filter=schedule \
// RUN:   -o /dev/null 2>&1 | FileCheck %s --check-prefix=BACK

// CPU: max_rank = 16, bf16>
// CPU-COUNT-2: moelora.plan {{.*}}schedule(#moelora.cpu_schedule<rows = 48, group = 4>)
// CPU-NOT: schedule(<
// ROWS-COUNT-2: schedule(#moelora.cpu_schedule<rows = 64, group = 2>)

// GPU: moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16, fragment_major>
// GPU: moelora.plan {{.*}}schedule(#moelora.schedule<strategy = in_place, order = k, tiles = [<tokens = 16,
// GPU: moelora.grouped_matmul {{.*}}, %router_weight schedule(<strategy = in_place, order = k, tiles = [<tokens = 16, features = 64, k = 64, warps = 4 x 1, split_k = 1, stages = 4>, <tokens = 64,
// GPU: moelora.plan {{.*}}tiles = [<tokens = 8,
// GPU: moelora.shrink {{.*}} schedule(<strategy = in_place, order = k, tiles = [<tokens = 8, features = 16, k = 32, warps = 1 x 1, split_k = 4, stages = 6>, <tokens = 16,
// GPU: moelora.grouped_matmul {{.*}}, %gate_up_weight {{.*}} schedule(<strategy = in_place, order = k, tiles = [
// GPU-SAME: <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
// GPU-SAME: <tokens = 16, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
// GPU-SAME: <tokens = 32, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 4>,
// GPU-SAME: <tokens = 64, features = 128, k = 64, warps = 2 x 2, split_k = 1, stages = 3>,
// The cost model takes a tile with the features that there are.
// GPU-SAME: <tokens = 128, features = 64, k = 64, warps = 2 x 4, split_k = 1, stages = 3>]>)
// GPU: moelora.grouped_matmul {{.*}}, %down_weight {{.*}} schedule(<

// DECODE: moelora.plan {{.*}}<tokens = 8, {{.*}}<tokens = 16,
// DECODE-NOT: tokens = 32
// PREFILL-NOT: tokens = 32
// PREFILL: moelora.plan {{.*}}tiles = [<tokens = 64, {{.*}}<tokens = 128,
// TILES: moelora.plan {{.*}}strategy = unfused_peer, order = k, tiles = [<tokens = 8, {{[^<]*}}<tokens = 32, {{[^<]*}}>]>)
// The router multiplies in f32.
// SMALL: moelora.grouped_matmul {{.*}}, %router_weight schedule({{.*}}<tokens = 128, features = 64, k = 64, warps = 2 x 4, split_k = 1, stages = 2>]
// SMALL: moelora.grouped_matmul {{.*}}, %gate_up_weight {{.*}}<tokens = 128, features = 64, k = 64, warps = 2 x 4, split_k = 1, stages = 3>]

// REMARK: remark: [Passed] PageOrder | Category:schedule | order=fragment_major, role=gate_up_adapters
// REMARK: remark: [Passed] Plan | Category:schedule | least_tokens=64, most_tokens=64, tiles=1
// REMARK: remark: [Missed] Cost | Category:schedule | Reason="the cost model has no kernels of f32 weights"
// REMARK: remark: [Passed] Plan | Category:schedule | least_tokens=64, most_tokens=128, tiles=2
// REMARK: remark: [Passed] Tile | Category:schedule | batch=16, bytes={{[0-9]+}}, features=16, flops=131072, limiter=latency, nanoseconds={{[0-9]+}}, op=shrink, shared_bytes=61440, stages=3, strategy=in_place, tokens=64, warps=4
// REMARK: remark: [Passed] Tile | Category:schedule | batch=16, bytes={{[0-9]+}}, features=128, flops=327680, limiter=latency, nanoseconds={{[0-9]+}}, op=grouped_matmul, shared_bytes=73728, stages=3, strategy=in_place, tokens=64, warps=4
// REMARK: remark: [Passed] Tile | Category:schedule | batch=1025, bytes={{[0-9]+}}, features=64, {{.*}}op=grouped_matmul, shared_bytes=73728, stages=3, strategy=in_place, tokens=128, warps=8

// Pages follow the target; a schedule that is there stays.
// BACK: remark: [Passed] PageOrder | Category:schedule | order=row_major, role=gate_up_adapters
// BACK: remark: [Missed] Plan | Category:schedule | Reason="the op has a schedule"

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>

moelora.layer @layer(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x8x64xf32> {moelora.role = #moelora.role<router_weight>},
    %w13: tensor<8x2x32x64xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x32xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %logits = moelora.grouped_matmul gather %x by %one, %wr
    : tensor<?x64xbf16>, !one, tensor<1x8x64xf32> -> tensor<?x8xf32>
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !plan, !t13 -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
