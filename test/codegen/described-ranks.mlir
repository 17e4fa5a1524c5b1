// The artifact of a rank describes the whole layer, and has the grid over which it
// was cut. Rows, slot tables and adapters are those of the rank.
// DEFINE: %{compile} = moelora-opt --moelora-to-cpu=cpu=x86-64-v4
// DEFINE: %{described} = grep "^@.*\.description = "
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard=tp=4 -o %t.mlir
// RUN: %{compile} %t.mlir -o %t.code.mlir 2>&1 | count 0
// RUN: moelora-translate %t.code.mlir --mlir-to-llvmir -o %t.ranks.ll
// RUN: %{described} %t.ranks.ll > %t.ranks
// RUN: %{compile} %S/../passes/shard.mlir -o %t.whole.mlir
// RUN: moelora-translate %t.whole.mlir --mlir-to-llvmir | %{described} | diff - %t.ranks
// RUN: FileCheck %s < %t.ranks.ll
// CHECK: @layer.variants = internal constant [1 x
// CHECK-SAME: ptr @layer.workspace, i32 1, i32 1, i32 4, i32 0, ptr null }
// CHECK: @latent.variants = internal constant [1 x
// CHECK-SAME: ptr @latent.workspace, i32 1, i32 1, i32 4, i32 0, ptr null }

// Experts and tokens on several ranks.
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard="ep=3 tp=2" -o %t.experts.mlir
// RUN: %{compile} %t.experts.mlir -o %t.experts.code.mlir 2>&1 | count 0
// RUN: moelora-translate %t.experts.code.mlir --mlir-to-llvmir | %{described} | diff - %t.ranks
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.tokens.mlir \
// RUN:   --moelora-shard="dp=2 ep=2 tp=2 scheme=allgather sequence-parallel"
// RUN: %{compile} %t.tokens.mlir -o %t.tokens.code.mlir 2>&1 | count 0
// RUN: moelora-translate %t.tokens.code.mlir --mlir-to-llvmir -o %t.tokens.ll
// RUN: %{described} %t.tokens.ll | diff - %t.ranks
// RUN: FileCheck %s --check-prefix=TOKENS < %t.tokens.ll
// TOKENS: @layer.expert_map = internal constant [32 x i8]
// TOKENS: @layer.variants = internal constant [1 x
// TOKENS-SAME: ptr @layer.workspace, i32 2, i32 2, i32 2, i32 7, ptr @layer.expert_map }

// The bias of down is added by one rank, identity rows behind the sum, and all
// ranks add up their parts.
// RUN: sed "s/) once :/) :/" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONCE
// ONCE: remark: 'moelora.grouped_matmul' op expects its bias to be added by one rank, but all add it; the artifact does not describe @layer
// RUN: sed "s/{routed_scale = 1.500000e+00 : f32} : tensor<?x64xf32> -> tensor<?x64xbf16>/: tensor<?x64xf32> -> tensor<?x64xbf16>/" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: remark: 'moelora.finish' op expects the scale of the sum that it finishes, but it has another
// RUN: sed "s/finish %%sum identity/finish %%output identity/" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=REDUCE
// REDUCE: remark: 'moelora.finish' op expects a sum of ranks, which reduce makes, but gets a result of moelora.grouped_matmul

module {}
