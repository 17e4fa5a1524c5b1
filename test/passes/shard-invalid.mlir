// RUN: moelora-opt %s --moelora-shard=tp=3 --split-input-file --verify-diagnostics
// RUN: not moelora-opt %S/shard.mlir --moelora-shard=tp=0 2>&1 \
// RUN:   | FileCheck %s --check-prefix=ZERO
// ZERO: error: 'moelora.layer' op expects tp to be in [1, 1048576], but it is 0
// Experts have places on ranks that are there.
// RUN: not moelora-opt %S/shard.mlir --moelora-shard=ep=9 2>&1 \
// RUN:   | FileCheck %s --check-prefix=FEW
// FEW: error: 'moelora.layer' op expects an expert for each rank of ep, but there are 8 experts and ep is 9
// RUN: not moelora-opt %S/shard.mlir --moelora-shard="ep=2 expert-map=0,1" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SHORT
// SHORT: error: 'moelora.layer' op expects expert-map to have a rank for each of the 8 experts, but it has 2
// RUN: not moelora-opt %S/shard.mlir --moelora-shard="ep=2 expert-map=0,1,2,0,0,0,0,0" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=RANK
// RANK: error: 'moelora.layer' op expects expert-map to be contiguous, round-robin, or a list of ranks from 0 to 1, but it has "2"
// RUN: not moelora-opt %S/shard.mlir --moelora-shard="ep=2 scheme=exchange" 2>&1 \
// RUN:   | FileCheck %s --check-prefix=SCHEME
// SCHEME: error: 'moelora.layer' op expects the scheme replicated or allgather, but it is "exchange"
// A layer is cut once.
// RUN: moelora-opt %S/shard.mlir --moelora-shard=tp=2 -o %t.mlir
// RUN: not moelora-opt %t.mlir --moelora-shard=tp=2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=TWICE
// It is compared with the layer of which it is a part, and with no other one.
// RUN: not moelora-interpret %t.mlir --compare=%t.mlir 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OTHER
// OTHER: error: expects a layer of this name and type
// TWICE: error: 'moelora.layer' op expects a layer that is not cut, but it has a grid
// RUN: not moelora-opt %S/../interpreter/expert-map.mlir --moelora-shard=ep=2 2>&1 \
// RUN:   | FileCheck %s --check-prefix=MAP
// MAP: error: 'moelora.layer' op expects a layer that is not cut, but it has a map of experts

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// expected-error @below {{expects a grid that divides its arguments, but it has gate_up_weight: 8 intermediate columns, but cut = [1, 3]}}
moelora.layer @size(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %w13: tensor<4x2x8x16xbf16> {moelora.role = #moelora.role<gate_up_weight>})
    -> tensor<?x16xbf16> {
  moelora.yield %x : tensor<?x16xbf16>
}

// -----

!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// A score of partial sums would be wrong on every rank.
moelora.layer @score(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x1xi32> {moelora.role = #moelora.role<expert_ids>},
    %v13: tensor<1x1x6x16xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %v2: tensor<1x16x6xbf16> {moelora.role = #moelora.role<shared_down_weight>})
    -> tensor<?x16xbf16> {
  %one = moelora.dispatch -> !one
  %g = moelora.expert_gemm gather %x by %one, %v13
    : tensor<?x16xbf16>, !one, tensor<1x1x6x16xbf16> -> tensor<?x1x6xf32>
  %a = moelora.activation %g {function = #moelora.act<relu2>}
    : tensor<?x1x6xf32> -> tensor<?x6xbf16>
  %s = moelora.expert_gemm %a by %one, %v2
    : tensor<?x6xbf16>, !one, tensor<1x16x6xbf16> -> tensor<?x16xf32>
  // expected-error @below {{'moelora.route' op expects whole sums, but it reads the partial sums of ranks}}
  %i, %w = moelora.route %s {router = #moelora.router<top_k = 1, score = softmax>}
    : tensor<?x16xf32> -> tensor<?x1xi32>, tensor<?x1xf32>
  moelora.yield %x : tensor<?x16xbf16>
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!one = !moelora.plan<1 experts, 0 slots, top_k = 1>

// Whole rows would be added once by each rank.
moelora.layer @shared(
    %x: tensor<?x16xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w13: tensor<4x1x6x8xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<4x8x6xbf16> {moelora.role = #moelora.role<down_weight>},
    %li: tensor<1x8x16xbf16> {moelora.role = #moelora.role<latent_in_weight>})
    -> tensor<?x16xbf16> {
  %one = moelora.dispatch -> !one
  %n = moelora.expert_gemm gather %x by %one, %li
    : tensor<?x16xbf16>, !one, tensor<1x8x16xbf16> -> tensor<?x8xf32>
  %in = moelora.combine %n by %one : tensor<?x8xf32>, !one -> tensor<?x8xbf16>
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %h = moelora.expert_gemm gather %in by %plan, %w13
    : tensor<?x8xbf16>, !plan, tensor<4x1x6x8xbf16> -> tensor<?x1x6xf32>
  %a = moelora.activation %h {function = #moelora.act<relu2>}
    : tensor<?x1x6xf32> -> tensor<?x6xbf16>
  %y = moelora.expert_gemm %a by %plan, %w2
    : tensor<?x6xbf16>, !plan, tensor<4x8x6xbf16> -> tensor<?x8xf32>
  // expected-error @below {{'moelora.combine' op expects a shared expert that is cut as the routed ones are}}
  %o = moelora.combine %y by %plan shared(%n : tensor<?x8xf32>)
    : tensor<?x8xf32>, !plan -> tensor<?x8xbf16>
  moelora.yield %x : tensor<?x16xbf16>
}
