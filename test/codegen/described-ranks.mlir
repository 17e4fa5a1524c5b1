// The artifact of a rank describes the whole layer, and has the grid over which it
// was cut. Rows, slot tables and adapters are those of the rank.
// DEFINE: %{compile} = moelora-opt --moelora-to-cpu=cpu=x86-64-v4
// DEFINE: %{described} = moelora-translate --mlir-to-llvmir | grep "^@.*\.description = "
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard=tp=4 -o %t.mlir
// RUN: %{compile} %t.mlir -o %t.code.mlir 2>&1 | count 0
// RUN: %{described} %t.code.mlir > %t.ranks
// RUN: %{compile} %S/../passes/shard.mlir | %{described} | diff - %t.ranks
// RUN: moelora-translate %t.code.mlir --mlir-to-llvmir | FileCheck %s
// CHECK: @layer.variants = internal constant [1 x
// CHECK-SAME: ptr @layer.workspace, i32 1, i32 1, i32 4, i32 0 }
// CHECK: @latent.variants = internal constant [1 x
// CHECK-SAME: ptr @latent.workspace, i32 1, i32 1, i32 4, i32 0 }

// The bias of down is added by one rank, identity rows behind the sum, and all
// ranks add up their parts.
// RUN: sed "s/) once :/) :/" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ONCE
// ONCE: remark: 'moelora.grouped_matmul' op expects its bias to be added by one rank, but all add it; the artifact does not describe @layer
// RUN: sed "s/{routed_scale = 1.500000e+00 : f32} : tensor<?x64xf32> -> tensor<?x64xbf16>/: tensor<?x64xf32> -> tensor<?x64xbf16>/" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: remark: 'moelora.finish' op expects the scale of the sum that it finishes, but it has another
// RUN: sed "s/moelora.finish %sum /moelora.finish %output /" %t.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=REDUCE
// REDUCE: remark: 'moelora.finish' op expects a sum of ranks, which reduce makes, but gets a result of moelora.grouped_matmul

module {}
