// Symbols that the artifacts of several layers cannot have, and calls that are
// left.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --moelora-schedule --convert-moelora-to-cpu=cpu=x86-64-v4

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @"the.layer"(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// expected-error @below {{'moelora.layer' op expects layers whose names differ in letters and digits, but the artifact of @the.layer is @moelora_query_the_layer, too}}
moelora.layer @the_layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// expected-error @below {{'moelora.layer' op expects the module to have no @moelora_query_layer, which returns artifacts}}
moelora.layer @layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// expected-note @below {{defined here}}
func.func private @moelora_query_layer()

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

// expected-error @below {{'moelora.layer' op expects the module to have no @moelora_query, which returns artifacts}}
moelora.layer @layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

// expected-note @below {{defined here}}
func.func private @moelora_query()

// -----

!plan = !moelora.plan<3 experts, 0 slots, top_k = 2>

moelora.layer @layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %e: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<3x20x20xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x20xbf16> {
  %plan = moelora.plan %e : tensor<?x2xi32> -> !plan
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    combine(%w : tensor<?x2xf32>)
    : tensor<?x20xbf16>, !plan, tensor<3x20x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}

func.func @host(%x: tensor<?x20xbf16>, %e: tensor<?x2xi32>,
                %w: tensor<?x2xf32>, %w2: tensor<3x20x20xbf16>)
                -> tensor<?x20xbf16> {
  // expected-error @below {{'moelora.call' op expects calls to be lowered before layers; run convert-moelora-call-to-llvm first}}
  %y = moelora.call @layer(%x, %e, %w, %w2)
    : (tensor<?x20xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<3x20x20xbf16>) -> tensor<?x20xbf16>
  return %y : tensor<?x20xbf16>
}
