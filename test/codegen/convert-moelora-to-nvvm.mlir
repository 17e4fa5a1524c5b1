// RUN: moelora-opt %s -o %t.mlir \
// RUN:   --pass-pipeline='builtin.module(moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue,moelora-schedule{target=sm_80 tiles=8}),convert-moelora-to-nvvm{target=sm_80})'
// RUN: FileCheck %s < %t.mlir
// RUN: moelora-opt %t.mlir --convert-moelora-to-nvvm | diff %t.mlir -

// One GPU module with a kernel for each launch. Its binary is defined when the
// kernels are emitted.
// CHECK: gpu.module @moe.sm_80 [#nvvm.target<{{.*}}chip = "sm_80"
// CHECK: llvm.func @plan(
// CHECK-SAME: nvvm.kernel, nvvm.maxntid = array<i32: 256>
// CHECK: llvm.func @shrink(
// Base and delta meet in one accumulator: the products of B and u come first,
// and their sums are selected, never multiplied by zero.
// CHECK: llvm.func @gate_up_8(
// CHECK-NOT: llvm.func
// CHECK: scf.while
// CHECK: nvvm.mma.sync
// CHECK: arith.select
// CHECK: scf.for
// CHECK: nvvm.cp.async.wait.group 4
// CHECK-NEXT: nvvm.barrier0
// CHECK: nvvm.mma.sync
// CHECK: movmatrix
// CHECK: llvm.func @shrink_1(
// Rows are stored, and counted after a fence; the last one of a token finds the
// others after another fence.
// CHECK: llvm.func @down_8(
// CHECK: nvvm.mma.sync
// CHECK: nvvm.memory.barrier <gpu>
// CHECK-NEXT: nvvm.barrier0
// CHECK: llvm.atomicrmw add {{.*}} syncscope("device") monotonic
// CHECK: nvvm.memory.barrier <gpu>
// CHECK-NEXT: nvvm.barrier0
// CHECK: llvm.func @resolve(
// CHECK: llvm.load {{.*}} atomic acquire

// CHECK: llvm.func internal @moe.sm_80.run_from_ids(
// CHECK: llvm.func internal @moe.sm_80.resolve_step(
// CHECK: llvm.mlir.global external constant @moe.sm_80.binaries()
// CHECK: llvm.func @moelora_query_moe(
// CHECK-NOT: moelora.layer

!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 48 x 64, max_rank = 32, bf16>
!t2 = !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 48, max_rank = 32, bf16>
!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
moelora.layer @moe(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %sid: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w13: tensor<8x2x48x64xbf16>
      {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<8x64x48xbf16> {moelora.role = #moelora.role<down_weight>},
    %a13: !t13 {moelora.role = #moelora.role<gate_up_adapters>},
    %a2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %sid in %a13, %a2 : tensor<?xi32>, !t13, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !plan, tensor<8x2x48x64xbf16> -> tensor<?x2x48xf32>
  %hd = moelora.lora_delta gather %x by %plan, %a13 into %h
    : tensor<?x64xbf16>, !plan, !t13, tensor<?x2x48xf32>
  %a = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x48xf32> -> tensor<?x48xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x48xbf16>, !plan, tensor<8x64x48xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta %a by %plan, %a2 into %y
    : tensor<?x48xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
