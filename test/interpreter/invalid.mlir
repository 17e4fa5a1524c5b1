// What has no meaning is refused in words.
// RUN: split-file %s %t
// RUN: not moelora-interpret %t/foreign.mlir 2>&1 | FileCheck %t/foreign.mlir
// RUN: not moelora-interpret %t/foreign.mlir --tokens=1000000000 2>&1 \
// RUN:   | FileCheck %s --check-prefix=HUGE
// HUGE: error: expects at most 268435456 numbers in an argument, but one is 'tensor<?x4xf32>' with 1000000000 tokens

//--- foreign.mlir
// CHECK: error: 'builtin.unrealized_conversion_cast' op expects to be an op of the routed or the fused level
moelora.layer @foreign(
    %x: tensor<?x4xf32> {moelora.role = #moelora.role<hidden>})
    -> tensor<?x4xf32> {
  %y = builtin.unrealized_conversion_cast %x
    : tensor<?x4xf32> to tensor<?x4xf32>
  moelora.yield %y : tensor<?x4xf32>
}
