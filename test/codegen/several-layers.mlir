// Any number of layers in a module: each has its own code, and an artifact that is
// found by its name and by its index. Symbols of the host stay its own.
// RUN: moelora-opt %s --moelora-to-cpu=cpu=x86-64-v3 | FileCheck %s
// RUN: moelora-opt %s --moelora-to-ptx=target=sm_80 \
// RUN:   | FileCheck %s --check-prefix=GPU
// RUN: moelora-opt %s --moelora-to-ptx=target=emulated-sm_80 \
// RUN:   | FileCheck %s --check-prefix=EMULATED

// CHECK: llvm.func @first.run(i32)
// CHECK-DAG: llvm.func internal @first_0.run_from_ids(
// CHECK-DAG: llvm.mlir.global internal constant @first_0.artifact
// CHECK-DAG: llvm.func @moelora_query_first(
// CHECK-DAG: llvm.func internal @second.run_from_ids(
// CHECK-DAG: llvm.mlir.global internal constant @second.artifact
// CHECK-DAG: llvm.func @moelora_query_second(
// CHECK: llvm.func weak @moelora_query(
// CHECK-DAG: %[[FIRST:.*]] = llvm.mlir.addressof @first_0.artifact
// CHECK-DAG: %[[SECOND:.*]] = llvm.mlir.addressof @second.artifact
// CHECK: %[[SOME:.*]] = llvm.select %{{.*}}, %[[FIRST]], %
// CHECK: %[[ANY:.*]] = llvm.select %{{.*}}, %[[SECOND]], %[[SOME]]
// CHECK: llvm.return %[[ANY]]

// GPU: @first_0.sm_80.ptx
// GPU: @second.sm_80.ptx
// EMULATED-DAG: constant @"first_0.emulated-sm_80.artifact"
// EMULATED-DAG: constant @"second.emulated-sm_80.artifact"
// EMULATED-DAG: llvm.func weak @moelora_query(
// EMULATED-DAG: constant @"first_0.emulated-sm_80.module"
// EMULATED-DAG: constant @"second.emulated-sm_80.module"

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>
!wide = !moelora.plan<5 experts, 0 slots, top_k = 2>

llvm.func @first.run(i32)

moelora.layer @first(
    %x: tensor<?x32xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x32x32xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x32xbf16> {
  %plan = moelora.dispatch %e : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x32xbf16>, !plan, tensor<3x32x32xbf16> -> tensor<?x32xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x32xf32>, !plan, tensor<?x2xf32> -> tensor<?x32xbf16>
  moelora.yield %o : tensor<?x32xbf16>
}

moelora.layer @second(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<5x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %e : tensor<?x2xi32> -> !wide
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !wide, tensor<5x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !wide, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
