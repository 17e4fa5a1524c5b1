// The inputs are a function of the seed.
// RUN: moelora-interpret %s --tokens=3 > %t.one
// RUN: moelora-interpret %s --tokens=3 --seed=1 | diff %t.one -
// RUN: moelora-interpret %s --tokens=3 --seed=2 > %t.two
// RUN: not diff %t.one %t.two
// RUN: FileCheck %s < %t.one
// CHECK: @doubled: 3 x 4
// CHECK-COUNT-3: {{( -?[0-9.e-]+){4}$}}

// Zero tokens are an ordinary case.
// RUN: moelora-interpret %s --tokens=0 | FileCheck %s --check-prefix=ZERO
// ZERO: @doubled: 0 x 4

// A program is compared with another on the same inputs.
// RUN: moelora-interpret %s --compare=%s --tokens=9 \
// RUN:   | FileCheck %s --check-prefix=SAME
// SAME: @doubled: worst error / bound 0
// RUN: sed -e 's/= 2.0/= 2.001/' %s > %t.other.mlir
// RUN: not moelora-interpret %s --compare=%t.other.mlir --tokens=9 \
// RUN:   | FileCheck %s --check-prefix=OTHER
// OTHER: @doubled: worst error / bound {{[1-9][0-9.e+]*}}
// In bf16 so small a change is within the rounding.
// RUN: moelora-interpret %s --compare=%t.other.mlir --mode=rounded
// With data that make no sum round, every rounding counts.
// RUN: sed -e 's/= 2.0/= 3.0/' %s > %t.three.mlir
// RUN: sed -e 's/= 2.0/= 3.002/' %s > %t.more.mlir
// RUN: not moelora-interpret %t.three.mlir --compare=%t.more.mlir --exact-data=63 \
// RUN:   --mode=rounded --tokens=500 | FileCheck %s --check-prefix=BITS
// BITS: @doubled: worst error / bound inf
// RUN: moelora-interpret %s --compare=%s --exact-data=63 --mode=rounded

// RUN: sed -e 's/@doubled/@renamed/' %s > %t.renamed.mlir
// RUN: not moelora-interpret %s --compare=%t.renamed.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NAME
// NAME: error: expects a layer of this name and type
// Roles that both layers have are of one type; pages may have any order.
// RUN: sed -e 's/max_rank = 2/max_rank = 3/' %s > %t.rank.mlir
// RUN: not moelora-interpret %s --compare=%t.rank.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=NAME
// RUN: sed -e 's/max_rank = 2, bf16/&, fragment_major/' %s > %t.pages.mlir
// RUN: moelora-interpret %s --compare=%t.pages.mlir

// RUN: not moelora-interpret %s --compare=%t.nowhere 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FILE
// FILE: error: {{.*}}nowhere
!one = !moelora.plan<1 experts, 4 slots, top_k = 1>
!table = !moelora.slot_table<4 slots, 1 experts, 1 x 4 x 4, max_rank = 2, bf16>
moelora.layer @doubled(
    %x: tensor<?x4xbf16> {moelora.role = #moelora.role<hidden>},
    %w2: tensor<1x4x4xbf16> {moelora.role = #moelora.role<down_weight>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %v: tensor<?x1xf32> {moelora.role = #moelora.role<expert_weights>},
    %t: !table {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x4xbf16> {
  %slot = moelora.resolve_slots %s in %t : tensor<?xi32>, !table
  %plan = moelora.dispatch slots(%slot : tensor<?xi32>) -> !one
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x4xbf16>, !one, tensor<1x4x4xbf16> -> tensor<?x4xf32>
  %o = moelora.combine %y by %plan, %v {routed_scale = 2.0 : f32}
    : tensor<?x4xf32>, !one, tensor<?x1xf32> -> tensor<?x4xbf16>
  moelora.yield %o : tensor<?x4xbf16>
}
