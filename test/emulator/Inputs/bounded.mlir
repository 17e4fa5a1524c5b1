gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @moelora.bounded.1(!llvm.ptr<1>, i64) -> !llvm.ptr<1>
  llvm.func @bounded(%all: !llvm.ptr<1>, %index: i32) attributes {nvvm.kernel} {
    %bytes = llvm.mlir.constant(16 : i64) : i64
    %own = llvm.call @moelora.bounded.1(%all, %bytes) : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>
    %at = llvm.getelementptr %own[%index] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %value = llvm.load %at : !llvm.ptr<1> -> i32 loc("its own number")
    llvm.store %value, %own : i32, !llvm.ptr<1>
    llvm.return
  }
}
