// What goes through bytecode is the same program.
// RUN: moelora-opt %S/ops.mlir -o %t.mlir
// RUN: moelora-opt %S/ops.mlir --emit-bytecode -o %t.mlirbc
// RUN: moelora-opt %t.mlirbc | diff %t.mlir -
// RUN: moelora-opt %S/operands.mlir -o %t.operands.mlir
// RUN: moelora-opt %S/operands.mlir --emit-bytecode -o %t.operands.mlirbc
// RUN: moelora-opt %t.operands.mlirbc | diff %t.operands.mlir -
// RUN: moelora-opt %S/attributes.mlir -o %t.attributes.mlir
// RUN: moelora-opt %S/attributes.mlir --emit-bytecode \
// RUN:   | moelora-opt | diff %t.attributes.mlir -

// The same program is the same bytes.
// RUN: moelora-opt %t.mlir --emit-bytecode -o %t.again.mlirbc
// RUN: moelora-opt %t.mlir --emit-bytecode | cmp %t.again.mlirbc -

// A file says which version of the dialect wrote it; neither a newer one is
// read nor one whose ops had other operands.
// RUN: moelora-opt %s --emit-bytecode -o %t.one.mlirbc
// RUN: %python %S/Inputs/other-version.py 4 %t.one.mlirbc %t.newer.mlirbc
// RUN: not moelora-opt %t.newer.mlirbc 2>&1 | FileCheck %s
// CHECK: expects bytecode of moelora dialect version 3 to 3, but it has version 4
// RUN: %python %S/Inputs/other-version.py 2 %t.one.mlirbc %t.older.mlirbc
// RUN: not moelora-opt %t.older.mlirbc 2>&1 | FileCheck %s --check-prefix=OLDER
// OLDER: expects bytecode of moelora dialect version 3 to 3, but it has version 2

moelora.layer @identity(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x64xbf16> {
  moelora.yield %x : tensor<?x64xbf16>
}
