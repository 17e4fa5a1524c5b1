// A plan of one expert has fewer tiles: only the last one of a batch is not
// full. What the options pin is taken as it is.
// RUN: moelora-opt %s --split-input-file --remarks-filter=schedule \
// RUN:   --moelora-schedule=target=sm_80 -o /dev/null 2>&1 | FileCheck %s
// RUN: moelora-opt %s --split-input-file --remarks-filter=schedule -o /dev/null \
// RUN:   --moelora-schedule="target=sm_80 schedule=decode" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=DECODE
// RUN: moelora-opt %s --split-input-file --remarks-filter=schedule -o /dev/null \
// RUN:   --moelora-schedule="target=sm_80 tiles=8,32" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=PINNED

// CHECK: Plan | {{.*}} least_tokens=8, most_tokens=128, tiles=5
// CHECK: Plan | {{.*}} least_tokens=16, most_tokens=64, tiles=2
// CHECK: Tile | {{.*}} tokens=16,
// CHECK: Tile | {{.*}} tokens=64,
// DECODE: Plan | {{.*}} least_tokens=8, most_tokens=16, tiles=2
// DECODE: Plan | {{.*}} least_tokens=16, most_tokens=16, tiles=1
// PINNED-COUNT-2: Plan | {{.*}} least_tokens=8, most_tokens=32, tiles=2
!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
moelora.layer @small(
    %x: tensor<?x2048xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x512x2048xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x2048x512xbf16> {moelora.role = #moelora.role<down_weight>},
    %in: tensor<1x2x512x2048xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %out: tensor<1x2048x512xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x2048xbf16> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x2048xbf16>, !plan, tensor<8x2x512x2048xbf16> -> tensor<?x512xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x512xbf16>, !plan, tensor<8x2048x512xbf16> -> tensor<?x2048xf32>
  %one = moelora.plan -> !one
  %y = moelora.grouped_matmul gather %x by %one, %in activate(<silu, gated>)
    : tensor<?x2048xbf16>, !one, tensor<1x2x512x2048xbf16> -> tensor<?x512xbf16>
  %z = moelora.grouped_matmul %y by %one, %out
    sum shared(%o : tensor<?x2048xf32>)
    : tensor<?x512xbf16>, !one, tensor<1x2048x512xbf16> -> tensor<?x2048xbf16>
  moelora.yield %z : tensor<?x2048xbf16>
}

// -----

// A large layer has no others.
// CHECK: Plan | {{.*}} least_tokens=8, most_tokens=128, tiles=5
// CHECK: Plan | {{.*}} least_tokens=16, most_tokens=64, tiles=2
!plan = !moelora.plan<8 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>
moelora.layer @large(
    %x: tensor<?x7168xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x2048x7168xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x7168x2048xbf16> {moelora.role = #moelora.role<down_weight>},
    %in: tensor<1x2x2048x7168xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %out: tensor<1x7168x2048xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x7168xbf16> {
  %plan = moelora.plan %ids : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w13 activate(<silu, gated>)
    : tensor<?x7168xbf16>, !plan, tensor<8x2x2048x7168xbf16> -> tensor<?x2048xbf16>
  %o = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    : tensor<?x2048xbf16>, !plan, tensor<8x7168x2048xbf16> -> tensor<?x7168xf32>
  %one = moelora.plan -> !one
  %y = moelora.grouped_matmul gather %x by %one, %in activate(<silu, gated>)
    : tensor<?x7168xbf16>, !one, tensor<1x2x2048x7168xbf16> -> tensor<?x2048xbf16>
  %z = moelora.grouped_matmul %y by %one, %out
    sum shared(%o : tensor<?x7168xf32>)
    : tensor<?x2048xbf16>, !one, tensor<1x7168x2048xbf16> -> tensor<?x7168xbf16>
  moelora.yield %z : tensor<?x7168xbf16>
}
