// The cost model chooses tiles. A usual tile stays where no other is faster by
// more than the model can tell: in the GEMMs of many experts.
// DEFINE: %{schedule} = moelora-opt %s --remarks-filter=schedule -o %t.mlir --moelora-schedule
// RUN: %{schedule}=target=sm_90 2>&1 | FileCheck %s
// RUN: %{schedule}="target=sm_90 strategy=in_place" 2>&1 | FileCheck %s
// CHECK: [Passed] Tile | Category:schedule | batch=11, {{.*}}features=128, {{.*}}limiter=bandwidth, {{.*}}op=grouped_matmul, shared_bytes=104448, stages=3, strategy=in_place, tokens=8, warps=4
// CHECK: features=256, {{.*}}limiter=tensor, {{.*}}stages=3, strategy=in_place, tokens=128, warps=8

// A matrix that all tokens multiply occupies more multiprocessors with narrow
// tiles. The plan pins batches of up to 8 tokens, of which the only tile stands
// for 32, too. In the middle, at 5, there are 2 * 5 * 2048 * 256 operations. The
// weights have 1 MiB, x and the result 5 * 2 * (2048 + 256), the plan 5 * 8.
// CHECK: Tile | {{.*}} batch=5, bytes=1071656, features=64, flops=5242880, limiter=latency, {{.*}}op=grouped_matmul, shared_bytes=55296, stages=3, {{.*}}tokens=8, warps=2

// What the options or the IR pin is taken as it is.
// RUN: %{schedule}="target=sm_90 strategy=unfused_peer tiles=64" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PINNED
// PINNED: Plan | Category:schedule | least_tokens=64, most_tokens=64, tiles=1
// PINNED: op=shrink, {{.*}}tokens=64
// PINNED: op=grouped_matmul, {{.*}}strategy=unfused_peer, tokens=64
// PINNED: [Missed] Tile | Category:schedule | Reason="the op has a schedule"
// RUN: FileCheck %s --check-prefix=KEPT < %t.mlir
// KEPT: moelora.grouped_matmul {{.*}}strategy = unfused_peer
// KEPT: moelora.grouped_matmul {{.*}}order = k, tiles = [<tokens = 8, features = 32, k = 64, warps = 2 x 1, split_k = 1, stages = 7>]

!plan = !moelora.plan<128 experts, 16 slots, top_k = 8>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
!t13 = !moelora.slot_table<16 slots, 128 experts, 2 x 768 x 2048, max_rank = 64, bf16>

moelora.layer @layer(
    %x: tensor<?x2048xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x8xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x8xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<128x2x768x2048xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<128x2048x768xbf16> {moelora.role = #moelora.role<down_weight>},
    %t13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %in: tensor<1x1x256x2048xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %out: tensor<1x2048x256xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x2048xbf16> {
  %slot = moelora.resolve_slots %s in %t13 : tensor<?xi32>, !t13
  %plan = moelora.plan %ids slots(%slot : tensor<?xi32>)
    : tensor<?x8xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x2048xbf16>, !plan, !t13 -> tensor<?x2x64xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x64xbf16>, !t13) activate(<silu, gated>)
    : tensor<?x2048xbf16>, !plan, tensor<128x2x768x2048xbf16> -> tensor<?x768xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x8xf32>)
    : tensor<?x768xbf16>, !plan, tensor<128x2048x768xbf16> -> tensor<?x2048xf32>
  %one = moelora.plan schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1,
       stages = 6>]>) -> !one
  %y = moelora.grouped_matmul gather %x by %one, %in activate(<relu2>)
    : tensor<?x2048xbf16>, !one, tensor<1x1x256x2048xbf16> -> tensor<?x256xbf16>
  %z = moelora.grouped_matmul %y by %one, %out
    sum shared(%o : tensor<?x2048xf32>)
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 32, k = 64, warps = 2 x 1, split_k = 1,
       stages = 7>]>)
    : tensor<?x256xbf16>, !one, tensor<1x2048x256xbf16> -> tensor<?x2048xbf16>
  moelora.yield %z : tensor<?x2048xbf16>
}
