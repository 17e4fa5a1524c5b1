// What a GPU does otherwise than a host becomes a call into the emulator.
// RUN: moelora-opt %s --moelora-emulate-nvvm | FileCheck %s
// What is left is code of the host.
// RUN: moelora-opt %s --moelora-emulate-nvvm --convert-vector-to-llvm \
// RUN:   --convert-arith-to-llvm | moelora-translate --mlir-to-llvmir \
// RUN:   | FileCheck %s --check-prefix=LLVM
// LLVM-NOT: addrspace
// LLVM-NOT: llvm.nvvm

gpu.module @layer.sm_80 [#nvvm.target<chip = "sm_80">] {
  llvm.func @moelora.bounded.1(!llvm.ptr<1>, i64) -> !llvm.ptr<1>
  llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>

  // Parameters are the fields of one struct: an i32, then a pointer at 8.
  // CHECK-LABEL: llvm.func internal @layer.sm_80.copy(
  // CHECK-SAME: %[[THREAD:.*]]: !llvm.ptr, %[[PARAMETERS:.*]]: !llvm.ptr)
  // CHECK: llvm.load %[[PARAMETERS]] {{.*}} : !llvm.ptr -> i32
  // CHECK: %[[OFFSET:.*]] = arith.constant 8 : i64
  // CHECK: llvm.getelementptr %[[PARAMETERS]][%[[OFFSET]]]
  // CHECK: llvm.load {{.*}} : !llvm.ptr -> !llvm.ptr
  llvm.func @copy(%count: i32, %from: !llvm.ptr<1>, %bytes: i64) attributes {nvvm.kernel} {
    // A register is read by its number.
    // CHECK: %[[ONE:.*]] = arith.constant 0 : i32
    // CHECK: llvm.call %{{.*}}(%[[THREAD]], %[[ONE]]) : !llvm.ptr, (!llvm.ptr, i32) -> i32
    %thread = nvvm.read.ptx.sreg.tid.x : i32
    // CHECK: llvm.call {{.*}} : !llvm.ptr, (!llvm.ptr, !llvm.ptr, i64, i32) -> !llvm.ptr
    %own = llvm.call @moelora.bounded.1(%from, %bytes) : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>
    %at = llvm.getelementptr %own[%thread] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    // A load of 16 bytes at multiples of 16, kind 1.
    // CHECK: arith.constant 16 : i32
    // CHECK: arith.constant 16 : i32
    // CHECK: arith.constant 1 : i32
    // CHECK: %[[ADDRESS:.*]] = llvm.call {{.*}} -> !llvm.ptr
    // CHECK: llvm.load %[[ADDRESS]] {alignment = 16 : i64} : !llvm.ptr -> vector<4xi32>
    %value = llvm.load %at {alignment = 16 : i64} : !llvm.ptr<1> -> vector<4xi32>
    // A store to shared memory, kind 2 + 8.
    // CHECK: llvm.call {{.*}} : !llvm.ptr, (!llvm.ptr) -> !llvm.ptr
    // CHECK: arith.constant 10 : i32
    // CHECK: %[[SHARED:.*]] = llvm.call {{.*}} -> !llvm.ptr
    // CHECK: llvm.store %{{.*}}, %[[SHARED]]
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    llvm.store %value, %shared {alignment = 16 : i64} : vector<4xi32>, !llvm.ptr<3>
    // CHECK-NOT: {{^ *(%[0-9]+ = )?}}nvvm.
    nvvm.barrier0
    llvm.return
  }

  // CHECK-LABEL: llvm.func internal @layer.sm_80.warp(
  // CHECK-NOT: {{^ *(%[0-9]+ = )?}}nvvm.
  llvm.func @warp(%x: !llvm.ptr<1>, %f: f32) attributes {nvvm.kernel} {
    %mask = llvm.mlir.constant(-1 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    %clamp = llvm.mlir.constant(31 : i32) : i32
    %true = llvm.mlir.constant(true) : i1
    %wide = llvm.mlir.constant(7 : i64) : i64
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %0 = nvvm.shfl.sync bfly %mask, %f, %one, %clamp : f32 -> f32
    %1 = nvvm.shfl.sync up %mask, %one, %one, %clamp {return_value_and_is_valid} : i32 -> !llvm.struct<(i32, i1)>
    %2 = nvvm.vote.sync ballot %mask, %true -> i32
    %3 = nvvm.vote.sync all %mask, %true -> i1
    %4 = nvvm.match.sync any %mask, %wide : i64 -> i32
    %5 = nvvm.redux.sync umax %one, %mask : i32 -> i32
    nvvm.bar.warp.sync %mask : i32
    %6 = nvvm.barrier #nvvm.reduction<or> %one -> i32
    nvvm.memory.barrier <gpu>
    nvvm.cp.async.shared.global %shared, %x, 16, cache = cg, %one : !llvm.ptr<3>, !llvm.ptr<1>, i32
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 0
    %7 = nvvm.ldmatrix %shared {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    %8 = llvm.extractvalue %7[0] : !llvm.struct<(i32, i32, i32, i32)>
    %9 = nvvm.mma.sync A[%8, %8, %8, %8] B[%8, %8] C[%f, %f, %f, %f]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %10 = nvvm.convert.f32x2.to.bf16x2 %f, %f {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xbf16>
    %11 = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f"(%f) : (f32) -> f32
    %12 = llvm.inline_asm has_side_effects "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", "=r,r" %8 : (i32) -> i32
    %13 = llvm.atomicrmw add %x, %one syncscope("device") monotonic : !llvm.ptr<1>, i32
    llvm.return
  }
}

// The emulator finds kernels by name, with their parameters and places.
// CHECK: llvm.mlir.global internal constant @layer.sm_80.module
// CHECK: llvm.mlir.global internal constant @layer.sm_80.binaries
