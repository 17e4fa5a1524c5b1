// The kernel of a router. A warp routes a token, in registers: there is no
// stack, and every choice takes two reductions, in a loop.
// RUN: moelora-opt %s --split-input-file --moelora-to-ptx=target=sm_80 | FileCheck %s
// RUN: moelora-opt %s --split-input-file --moelora-schedule=target=sm_80 --convert-moelora-to-nvvm=target=sm_80 | FileCheck %s --check-prefix=NVVM

!plan = !moelora.plan<160 experts, 0 slots, top_k = 6>

// The operations of the CPU's router, which are not contracted.
// CHECK: @plain.sm_80.ptx("
// CHECK-SAME: .visible .entry route(
// CHECK-NOT: .local
// CHECK-NOT: fma
// CHECK-SAME: sub.rn.f32
// CHECK-NOT: fma
// CHECK-SAME: div.rn.f32
// CHECK-NOT: fma
// CHECK-SAME: redux.sync.max.u32
// CHECK-NOT: fma
// CHECK-SAME: redux.sync.min.u32
// CHECK-NOT: redux
// CHECK-NOT: fma
// CHECK-NOT: .local
// CHECK-SAME: .visible .entry plan(

// The loop has a register for ids, and one for every 32 experts.
// NVVM-LABEL: llvm.func @route(
// NVVM-NOT: nvvm.redux
// NVVM: scf.for {{.*}} iter_args({{.*}}) -> (i32, i32, i32, i32, i32, i32) : i32 {
// NVVM: nvvm.redux.sync umax
// NVVM: arith.cmpi eq
// NVVM: nvvm.redux.sync umin
// NVVM-COUNT-5: arith.cmpi eq
// NVVM: scf.yield
// NVVM-NOT: nvvm.redux
// A lane gathers the score of its choice from five registers.
// NVVM-COUNT-5: nvvm.shfl.sync idx
// NVVM: llvm.func @plan(
moelora.layer @plain(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x160xf32> {moelora.role = #moelora.role<router_logits>},
    %w2: tensor<160x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> {
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 6, score = softmax>}
    : tensor<?x160xf32> -> tensor<?x6xi32>, tensor<?x6xf32>
  %plan = moelora.plan %ids : tensor<?x6xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x6xf32>)
    : tensor<?x8xbf16>, !plan, tensor<160x8x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %o : tensor<?x8xbf16>
}

// -----

!plan = !moelora.plan<64 experts, 0 slots, top_k = 3>

// Two reductions of each group for its two best, two for each kept group, and
// two for each choice.
// NVVM-LABEL: llvm.func @route(
// NVVM-COUNT-4: nvvm.redux.sync umax
// NVVM-NOT: nvvm.redux
// NVVM: scf.for
// NVVM: nvvm.redux.sync umax
// NVVM: arith.cmpi eq
// NVVM: nvvm.redux.sync umin
// NVVM: scf.for
// NVVM: nvvm.redux.sync umax
// NVVM: nvvm.redux.sync umin
// NVVM-NOT: nvvm.redux
// NVVM: llvm.func @plan(
moelora.layer @groups(
    %x: tensor<?x8xbf16> {moelora.role = #moelora.role<hidden>},
    %l: tensor<?x64xf32> {moelora.role = #moelora.role<router_logits>},
    %w2: tensor<64x8x8xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x8xbf16> {
  %ids, %w = moelora.route %l
    {router = #moelora.router<top_k = 3, score = sigmoid, groups = 2,
                              top_groups = 1, group_score = top2_sum>}
    : tensor<?x64xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  %plan = moelora.plan %ids : tensor<?x3xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x3xf32>)
    : tensor<?x8xbf16>, !plan, tensor<64x8x8xbf16> -> tensor<?x8xbf16>
  moelora.yield %o : tensor<?x8xbf16>
}
