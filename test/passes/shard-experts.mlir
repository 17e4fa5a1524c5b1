// Expert parallelism, where ranks have the same tokens.
// RUN: moelora-opt %S/shard.mlir --moelora-shard=ep=3 -o %t.three.mlir
// RUN: FileCheck %s < %t.three.mlir
// RUN: moelora-interpret %t.three.mlir --compare=%S/shard.mlir --tokens=33
// RUN: moelora-interpret %t.three.mlir --compare=%S/shard.mlir --tokens=0
// RUN: moelora-opt %t.three.mlir --moelora-fuse-lora --moelora-fuse-epilogue \
// RUN:   --moelora-verify-level=level=fused -o %t.fused.mlir
// RUN: FileCheck %s --check-prefix=FUSED < %t.fused.mlir
// RUN: moelora-interpret %t.fused.mlir --compare=%S/shard.mlir --tokens=20
// With tensor parallelism there is still one sum.
// RUN: moelora-opt %S/shard.mlir --moelora-shard="ep=2 tp=4 dp=2" -o %t.all.mlir
// RUN: FileCheck %s --check-prefix=BOTH < %t.all.mlir
// RUN: moelora-interpret %t.all.mlir --compare=%S/shard.mlir --tokens=13 --seed=5
// Experts in other places, in two copies, or all on one rank.
// RUN: moelora-opt %S/shard.mlir --moelora-shard="ep=3 expert-map=round-robin" -o %t.round.mlir
// RUN: FileCheck %s --check-prefix=ROUND < %t.round.mlir
// RUN: moelora-interpret %t.round.mlir --compare=%S/shard.mlir --tokens=12
// RUN: moelora-opt %S/shard.mlir \
// RUN:   --moelora-shard="ep=2 expert-map=0,1,1,0,1,1,1,0:0,0,1,1,1,0,1,1" -o %t.copies.mlir
// RUN: FileCheck %s --check-prefix=COPIES < %t.copies.mlir
// RUN: moelora-interpret %t.copies.mlir --compare=%S/shard.mlir --tokens=12
// RUN: moelora-opt %S/shard.mlir --moelora-shard="ep=2 expert-map=1,1,1,1,1,1,1,1" -o %t.one.mlir
// RUN: moelora-interpret %t.one.mlir --compare=%S/shard.mlir --tokens=12
// Sums that are exact have the same bits.
// RUN: sed -e 's/ score([^)]*)//' -e 's/silu/relu2/' %S/shard.mlir > %t.exact.mlir
// RUN: moelora-opt %t.exact.mlir --moelora-shard="ep=5 tp=2" -o %t.five.mlir
// RUN: moelora-interpret %t.five.mlir --compare=%t.exact.mlir --tokens=40 \
// RUN:   --mode=rounded --exact-data=3 --ranks=0

// CHECK-LABEL: moelora.layer @layer
// CHECK-SAME: %down_weight: tensor<3x64x32xbf16>
// CHECK-SAME: %shared_down_weight: tensor<1x64x16xbf16>
// CHECK-SAME: %gate_up_adapters: !moelora.slot_table<4 slots, 3 experts, 2 x 32 x 64, max_rank = 12, bf16>
// CHECK-SAME: %expert_map: tensor<1x8xi32> {moelora.role = #moelora.role<expert_map>}
// CHECK-SAME{LITERAL}: expert_map = dense<[[0, 1, 2, 3, 4, 5, 6, 7]]> : tensor<1x8xi32>
// CHECK-SAME: grid = #moelora.grid<dp = 1, ep = 3, tp = 1>
// CHECK: moelora.dispatch %expert_ids slots(%{{.*}} : tensor<?xi32>) map(%expert_map : tensor<1x8xi32>)
// CHECK-SAME: zero_experts = 2
// CHECK-NOT: bias({{.*}}) once
// CHECK: %[[P:.*]] = moelora.combine
// CHECK-SAME: shared(%{{.*}} once : tensor<?x64xf32>)
// CHECK: %[[S:.*]] = moelora.reduce %[[P]] over <ep> : tensor<?x64xf32>
// CHECK: moelora.finish %[[S]] identity(

// The shared expert is added behind the latent projection, whole on each rank.
// CHECK-LABEL: moelora.layer @latent
// CHECK: moelora.reduce %{{.*}} over <ep> : tensor<?x32xf32>
// CHECK-NOT: moelora.reduce
// CHECK: moelora.combine %{{.*}} shared(%{{[a-z0-9_]*}} : tensor<?x64xf32>)

// FUSED: moelora.plan %expert_ids slots({{.*}}) map(%expert_map : tensor<1x8xi32>)
// FUSED: combine({{.*}}shared(%{{.*}} once :

// BOTH-LABEL: moelora.layer @layer
// BOTH: moelora.expert_gemm %{{.*}} by %{{.*}}, %down_weight bias(%{{.*}}) once
// BOTH: moelora.reduce %{{.*}} over <ep, tp> : tensor<?x64xf32>
// BOTH-NOT: moelora.reduce
// BOTH-LABEL: moelora.layer @latent
// BOTH: moelora.reduce %{{.*}} over <ep, tp> : tensor<?x32xf32>
// BOTH: moelora.reduce %{{.*}} over <tp> : tensor<?x64xf32>

// ROUND{LITERAL}: expert_map = dense<[[0, 3, 6, 1, 4, 7, 2, 5]]>

// Rank 0 has 0, 1, 3, 5, 7 and rank 1 has 1, 2, 3, 4, 5, 6, 7.
// COPIES: moelora.layer @layer{{.*}}tensor<7x64x32xbf16>
// COPIES{LITERAL}: expert_map = dense<[[0, 7, 8, 2, 10, 11, 12, 4], [0, 1, 8, 9, 10, 3, 12, 13]]> : tensor<2x8xi32>
