// What goes through bytecode is the same program.
// RUN: moelora-opt %S/ops.mlir -o %t.mlir
// RUN: moelora-opt %S/ops.mlir --emit-bytecode -o %t.mlirbc
// RUN: moelora-opt %t.mlirbc | diff %t.mlir -

// The same program is the same bytes.
// RUN: moelora-opt %t.mlir --emit-bytecode -o %t.again.mlirbc
// RUN: moelora-opt %t.mlir --emit-bytecode | cmp %t.again.mlirbc -

// A file says which version of the dialect wrote it; ours reads no newer one.
// RUN: moelora-opt %s --emit-bytecode -o %t.one.mlirbc
// RUN: %python %S/Inputs/newer-version.py %t.one.mlirbc %t.newer.mlirbc
// RUN: not moelora-opt %t.newer.mlirbc 2>&1 | FileCheck %s
// CHECK: expects bytecode of moelora dialect version at most 1, but it has version 2

moelora.layer @identity(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}
