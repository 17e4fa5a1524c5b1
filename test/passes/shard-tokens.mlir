// Ranks with different tokens.
// RUN: moelora-opt %S/shard.mlir --moelora-shard="ep=2 scheme=allgather" -o %t.ep.mlir
// RUN: FileCheck %s < %t.ep.mlir
// RUN: moelora-interpret %t.ep.mlir --compare=%S/shard.mlir --tokens=33
// RUN: moelora-interpret %t.ep.mlir --compare=%S/shard.mlir --tokens=1
// RUN: moelora-interpret %t.ep.mlir --compare=%S/shard.mlir --tokens=0
// RUN: moelora-opt %t.ep.mlir --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-verify-level=level=fused -o %t.fused.mlir
// RUN: FileCheck %s --check-prefix=FUSED < %t.fused.mlir
// RUN: moelora-interpret %t.fused.mlir --compare=%S/shard.mlir --tokens=21
// Sequence parallelism, with and without expert parallelism of either scheme.
// RUN: moelora-opt %S/shard.mlir --moelora-shard="tp=2 sequence-parallel" -o %t.tp.mlir
// RUN: FileCheck %s --check-prefix=TP < %t.tp.mlir
// RUN: moelora-interpret %t.tp.mlir --compare=%S/shard.mlir --tokens=33
// RUN: moelora-opt %S/shard.mlir -o %t.both.mlir \
// RUN:   --moelora-shard="ep=3 tp=2 scheme=allgather sequence-parallel"
// RUN: FileCheck %s --check-prefix=BOTH < %t.both.mlir
// RUN: moelora-interpret %t.both.mlir --compare=%S/shard.mlir --tokens=31
// RUN: moelora-interpret %t.both.mlir --compare=%S/shard.mlir --tokens=2
// RUN: moelora-opt %S/shard.mlir -o %t.same.mlir \
// RUN:   --moelora-shard="dp=2 ep=2 tp=2 sequence-parallel"
// RUN: moelora-interpret %t.same.mlir --compare=%S/shard.mlir --tokens=31
// RUN: moelora-opt %S/shard.mlir -o %t.every.mlir \
// RUN:   --moelora-shard="dp=2 ep=2 tp=2 scheme=allgather"
// RUN: moelora-interpret %t.every.mlir --compare=%S/shard.mlir --tokens=31
// Data parallelism alone exchanges nothing.
// RUN: moelora-opt %S/shard.mlir --moelora-shard=dp=4 -o %t.dp.mlir
// RUN: FileCheck %s --check-prefix=DP < %t.dp.mlir
// RUN: moelora-interpret %t.dp.mlir --compare=%S/shard.mlir --tokens=33
// Sums that are exact have the same bits.
// RUN: sed -e 's/ score([^)]*)//' -e 's/silu/relu2/' %S/shard.mlir > %t.exact.mlir
// RUN: moelora-opt %t.exact.mlir -o %t.bits.mlir \
// RUN:   --moelora-shard="dp=2 ep=4 tp=2 scheme=allgather sequence-parallel"
// RUN: moelora-interpret %t.bits.mlir --compare=%t.exact.mlir --tokens=40 \
// RUN:   --mode=rounded --exact-data=3 --ranks=0
// Each message is a remark, with its bytes per token.
// RUN: moelora-opt %S/shard.mlir --moelora-shard="ep=2 scheme=allgather" \
// RUN:   --remarks-filter=shard -o /dev/null 2>&1 \
// RUN:   | FileCheck %s --check-prefix=REMARK
// REMARK: remark: [Passed] AllGather | Category:shard | {{.*}}row_bytes=4
// REMARK: remark: [Passed] AllGather | Category:shard | {{.*}}row_bytes=144

// CHECK-LABEL: moelora.layer @layer
// CHECK-SAME: grid = #moelora.grid<dp = 1, ep = 2, tp = 1, tokens = <ep>>
// CHECK: %[[SG:.*]] = moelora.all_gather %slots over <ep> : tensor<?xi32>
// CHECK: %[[SLOTG:.*]] = moelora.resolve_slots %[[SG]] in
// CHECK: %[[SLOT:.*]] = moelora.own %[[SLOTG]] over <ep> : tensor<?xi32>
// CHECK: moelora.dispatch slots(%[[SLOT]] : tensor<?xi32>)
// CHECK: moelora.identity_weight %expert_ids, %expert_weights
// CHECK: %[[XG:[a-z0-9_]+]], %[[WG:[a-z0-9_]+]], %[[IG:[a-z0-9_]+]] = moelora.all_gather %hidden, %expert_weights, %expert_ids over <ep> : tensor<?x64xbf16>, tensor<?x2xf32>, tensor<?x2xi32>
// CHECK: %[[PLAN:.*]] = moelora.dispatch %[[IG]] slots(%[[SLOTG]] : tensor<?xi32>) map(%expert_map : tensor<1x8xi32>)
// CHECK: moelora.expert_gemm gather %[[XG]] by %[[PLAN]], %gate_up_weight
// CHECK: moelora.lora_delta gather %[[XG]] by %[[PLAN]]
// CHECK: %[[P:.*]] = moelora.combine %{{.*}} by %[[PLAN]], %[[WG]] shared(%{{.*}} own <ep> : tensor<?x64xf32>)
// CHECK: %[[S:.*]] = moelora.reduce %[[P]] over <ep> keep <ep> : tensor<?x64xf32>
// CHECK: moelora.finish %[[S]] identity(%hidden,
// Rows of the latent width travel.
// CHECK-LABEL: moelora.layer @latent
// CHECK: moelora.all_gather %{{.*}}, %expert_weights, %expert_ids over <ep> : tensor<?x32xbf16>,
// CHECK: moelora.reduce %{{.*}} over <ep> keep <ep> : tensor<?x32xf32>
// CHECK-NOT: moelora.reduce

// FUSED: combine({{.*}}shared(%{{.*}} own <ep> :

// Ranks along tp need the parts of their shared experts for each other's rows.
// TP-LABEL: moelora.layer @layer
// TP: %[[SLOTG:.*]] = moelora.resolve_slots
// TP: %[[XG:[a-z0-9_]+]], %[[WG:[a-z0-9_]+]], %[[IG:[a-z0-9_]+]] = moelora.all_gather %hidden,
// TP: %[[ONE:.*]] = moelora.dispatch slots(%[[SLOTG]] : tensor<?xi32>)
// TP: moelora.expert_gemm gather %[[XG]] by %[[ONE]], %shared_gate_up_weight
// TP: moelora.combine {{.*}} shared(%{{[a-z0-9_]*}} : tensor<?x64xf32>) score(
// TP: moelora.reduce %{{.*}} over <tp> keep <tp> : tensor<?x64xf32>
// TP-LABEL: moelora.layer @latent
// TP: %[[X:.*]] = moelora.all_gather %hidden over <tp> : tensor<?x64xbf16>
// TP: %[[ONE:.*]] = moelora.dispatch over <tp> -> <1 experts, 0 slots, top_k = 1>
// TP: moelora.expert_gemm gather %[[X]] by %[[ONE]], %shared_gate_up_weight
// TP: moelora.reduce %{{.*}} over <tp> keep <tp> : tensor<?x64xf32>

// BOTH-LABEL: moelora.layer @layer
// BOTH: %[[SLOTG:.*]] = moelora.resolve_slots
// BOTH: %[[XG:[a-z0-9_]+]], %[[WG:[a-z0-9_]+]], %[[IG:[a-z0-9_]+]] = moelora.all_gather %hidden, %expert_weights, %expert_ids over <ep, tp>
// BOTH-DAG: %[[S:.*]] = moelora.own %[[SLOTG]] over <ep> : tensor<?xi32>
// BOTH-DAG: %[[X:.*]] = moelora.own %[[XG]] over <ep> : tensor<?x64xbf16>
// BOTH: moelora.combine {{.*}} shared(%{{.*}} own <ep> : tensor<?x64xf32>)
// BOTH: moelora.reduce %{{.*}} over <ep, tp> keep <ep, tp> : tensor<?x64xf32>

// DP-LABEL: moelora.layer @layer
// DP-SAME: grid = #moelora.grid<dp = 4, ep = 1, tp = 1>
// DP-NOT: moelora.{{all_gather|reduce|finish}}
