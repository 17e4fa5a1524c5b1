// RUN: moelora-opt %s --split-input-file --verify-diagnostics --moelora-emulate-nvvm

// expected-error @+1 {{expects an #nvvm.target with a chip}}
gpu.module @no_target {
}

// -----

gpu.module @stack [#nvvm.target<chip = "sm_80">] {
  llvm.func @kernel() attributes {nvvm.kernel} {
    %one = llvm.mlir.constant(1 : i32) : i32
    // expected-error @+1 {{expects an operation that the emulator knows}}
    %slot = llvm.alloca %one x i32 : (i32) -> !llvm.ptr
    llvm.return
  }
}

// -----

gpu.module @hopper [#nvvm.target<chip = "sm_90">] {
  llvm.func @kernel() attributes {nvvm.kernel} {
    // expected-error @+1 {{expects an operation that the emulator knows}}
    nvvm.cluster.arrive
    llvm.return
  }
}

// -----

gpu.module @product [#nvvm.target<chip = "sm_80">] {
  llvm.func @kernel(%a: i32, %c: i32) attributes {nvvm.kernel} {
    // expected-error @+1 {{expects an operation that the emulator knows}}
    %d = nvvm.mma.sync A[%a, %a, %a, %a] B[%a, %a] C[%c, %c, %c, %c]
      {intOverflowBehavior = #nvvm.mma_int_overflow<wrapped>, layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<s8>, multiplicandBPtxType = #nvvm.mma_type<s8>, shape = #nvvm.shape<m = 16, n = 8, k = 32>}
      : (i32, i32, i32) -> !llvm.struct<(i32, i32, i32, i32)>
    llvm.return
  }
}

// -----

gpu.module @call [#nvvm.target<chip = "sm_80">] {
  llvm.func @other()
  llvm.func @kernel() attributes {nvvm.kernel} {
    // expected-error @+1 {{expects an operation that the emulator knows}}
    llvm.call @other() : () -> ()
    llvm.return
  }
}

// -----

gpu.module @fill [#nvvm.target<chip = "sm_80">] {
  llvm.func @kernel(%to: !llvm.ptr<1>, %byte: i8, %bytes: i64) attributes {nvvm.kernel} {
    // expected-error @+1 {{expects an operation that the emulator knows}}
    "llvm.intr.memset"(%to, %byte, %bytes) <{isVolatile = false}> : (!llvm.ptr<1>, i8, i64) -> ()
    llvm.return
  }
}

// -----

gpu.module @fence [#nvvm.target<chip = "sm_80">] {
  llvm.func @kernel() attributes {nvvm.kernel} {
    // expected-error @+1 {{expects an operation that the emulator knows}}
    llvm.fence acq_rel
    llvm.return
  }
}
