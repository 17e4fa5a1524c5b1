// Pipelines change nothing but layers: functions and GPU modules of a host
// program come out as they went in, whichever dialects they use. Their math is
// not replaced by the polynomials of kernels, which are clamped.
// RUN: sed -n '/^moelora.layer/,$p;/^!/p' %S/../tools/Inputs/layer.mlir > %t.layer
// RUN: cat %t.layer %s > %t.mlir
// RUN: moelora-opt %s | sed -n '/^  func.func/,$p' > %t.host
// RUN: FileCheck %s --input-file=%t.host
// CHECK: math.exp
// CHECK: linalg.generic
// CHECK: scf.for
// CHECK: vector.reduction
// CHECK: gpu.func

// RUN: moelora-opt %t.mlir --moelora-to-cpu=cpu=x86-64-v3 \
// RUN:   | sed -n '/^  func.func/,/^  llvm/{/^  llvm/!p}' > %t.cpu
// RUN: moelora-opt %t.mlir --moelora-to-ptx=target=sm_80 \
// RUN:   | sed -n '/^  func.func/,/^  llvm/{/^  llvm/!p}' > %t.ptx
// RUN: moelora-opt %t.mlir --moelora-to-ptx=target=emulated-sm_80 \
// RUN:   | sed -n '/^  func.func/,/^  llvm/{/^  llvm/!p}' > %t.emulated
// RUN: sed '/^}/,$d' %t.host | diff - %t.cpu
// RUN: sed '/^}/,$d' %t.host | diff - %t.ptx
// RUN: sed '/^}/,$d' %t.host | diff - %t.emulated

func.func @exponential(%x: f32) -> (f32, f32) {
  %e = math.exp %x : f32
  %again = math.exp %x : f32
  return %e, %again : f32, f32
}

func.func @silu(%x: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = linalg.generic {
      indexing_maps = [affine_map<(d0, d1) -> (d0, d1)>],
      iterator_types = ["parallel", "parallel"]}
      outs(%x : tensor<?x64xf32>) {
  ^bb0(%v: f32):
    %minus = arith.negf %v : f32
    %e = math.exp %minus : f32
    %one = arith.constant 1.0 : f32
    %sum = arith.addf %one, %e : f32
    %result = arith.divf %v, %sum : f32
    linalg.yield %result : f32
  } -> tensor<?x64xf32>
  return %0 : tensor<?x64xf32>
}

func.func @sum(%x: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %total = scf.for %i = %c0 to %n step %c8 iter_args(%t = %zero) -> f32 {
    %row = vector.load %x[%i] : memref<?xf32>, vector<8xf32>
    %s = vector.reduction <add>, %row : vector<8xf32> into f32
    %next = arith.addf %t, %s : f32
    scf.yield %next : f32
  }
  return %total : f32
}

gpu.module @host_kernels {
  gpu.func @twice(%x: memref<?xf32>) kernel {
    %i = gpu.thread_id x
    %v = memref.load %x[%i] : memref<?xf32>
    %e = math.exp %v : f32
    memref.store %e, %x[%i] : memref<?xf32>
    gpu.return
  }
}
