// The cubin follows the PTX of its module, and its size is that of the file of
// ptxas, for which a script stands in.
// RUN: rm -rf %t && mkdir -p %t/bin && cp %S/Inputs/ptxas %t/bin
// RUN: env CUDA_HOME=%t moelora-opt %s --moelora-emit-ptx --moelora-assemble-ptx | FileCheck %s
// CHECK: @plain.ptx("{{.*}}.target sm_80
// CHECK: @plain.cubin("cubin for -arch=sm_80")
// CHECK: @plain.binaries
// CHECK: llvm.mlir.constant(2 : i32)
// CHECK: llvm.mlir.addressof @plain.ptx
// CHECK: llvm.mlir.constant(3 : i32)
// CHECK: llvm.mlir.constant(21 : i64)
// CHECK: llvm.mlir.addressof @plain.cubin

// What ptxas refuses is an error.
// RUN: sed 's/sm_80/sm_90/' %s > %t/new.mlir
// RUN: not env CUDA_HOME=%t moelora-opt %t/new.mlir --moelora-emit-ptx --moelora-assemble-ptx 2>&1 | FileCheck %s --check-prefix=NEW
// NEW: error: cannot assemble the PTX of plain: {{.*}}ptxas failed: ptxas fatal: sm_90 is not known
gpu.module @plain [#nvvm.target<chip = "sm_80">] {
  llvm.func @nothing() attributes {nvvm.kernel} {
    llvm.return
  }
}
