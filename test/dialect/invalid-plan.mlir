// RUN: moelora-opt %s --split-input-file --verify-diagnostics

func.func @dispatch_c1(%ids: tensor<?x3xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects ids and plan to agree on top_k, but ids has 3 and plan has 2}}
  %plan = moelora.dispatch %ids : tensor<?x3xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @dispatch_c2(%slot: tensor<?xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects a plan without ids to have one expert and top_k 1, but it has 8 experts and top_k 2}}
  %plan = moelora.dispatch slots(%slot : tensor<?xi32>)
    -> !moelora.plan<8 experts, 4 slots, top_k = 2>
  return
}

// -----

func.func @dispatch_c3(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects a plan without slots to have 0 slots, but it has 4}}
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 4 slots, top_k = 2>
  return
}

// -----

func.func @dispatch_c4_negative(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects zero_experts to be in [0, 1048576] with ids and 0 without, but it is -1 with}}
  %plan = moelora.dispatch %ids {zero_experts = -1 : i64} : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @dispatch_c4_huge(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects zero_experts to be in [0, 1048576] with ids and 0 without, but it is 9223372036854775807 with}}
  %plan = moelora.dispatch %ids {zero_experts = 9223372036854775807 : i64}
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @dispatch_c4_without_ids(%slot: tensor<?xi32>) {
  // expected-error @below {{'moelora.dispatch' op expects zero_experts to be in [0, 1048576] with ids and 0 without, but it is 2 without}}
  %plan = moelora.dispatch slots(%slot : tensor<?xi32>) {zero_experts = 2 : i64}
    -> !moelora.plan<1 experts, 4 slots, top_k = 1>
  return
}

// -----

func.func @plan_c1(%ids: tensor<?x3xi32>) {
  // expected-error @below {{'moelora.plan' op expects ids and plan to agree on top_k, but ids has 3 and plan has 2}}
  %plan = moelora.plan %ids : tensor<?x3xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c2(%slot: tensor<?xi32>) {
  // expected-error @below {{'moelora.plan' op expects a plan without ids to have one expert and top_k 1, but it has 1 experts and top_k 2}}
  %plan = moelora.plan slots(%slot : tensor<?xi32>)
    -> !moelora.plan<1 experts, 4 slots, top_k = 2>
  return
}

// -----

func.func @plan_c3(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.plan' op expects a plan without slots to have 0 slots, but it has 1}}
  %plan = moelora.plan %ids : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 1 slots, top_k = 2>
  return
}

// -----

func.func @plan_c4_negative(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.plan' op expects zero_experts to be in [0, 1048576] with ids and 0 without, but it is -3 with}}
  %plan = moelora.plan %ids {zero_experts = -3 : i64}
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c5_pairs(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.plan' op expects consumer_pairs in [1, 512], but it is 513}}
  %plan = moelora.plan %ids
    schedule(#moelora.schedule<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>)
    in_consumer 513 : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c5_schedule(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.plan' op expects a plan that a consumer makes to have the schedule of a GPU}}
  %plan = moelora.plan %ids schedule(#moelora.cpu_schedule<rows = 48, group = 4>)
    in_consumer 64 : tensor<?x2xi32>
    -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c5_experts(%ids: tensor<?x2xi32>) {
  // expected-error @below {{'moelora.plan' op expects a plan that a consumer makes to have at most 16384 experts and 32766 slots, but it has 16385 and 0}}
  %plan = moelora.plan %ids
    schedule(#moelora.schedule<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>)
    in_consumer 64 : tensor<?x2xi32>
    -> !moelora.plan<16385 experts, 0 slots, top_k = 2>
  return
}

// -----

func.func @plan_c4_without_ids(%slot: tensor<?xi32>) {
  // expected-error @below {{'moelora.plan' op expects zero_experts to be in [0, 1048576] with ids and 0 without, but it is 1 without}}
  %plan = moelora.plan slots(%slot : tensor<?xi32>)
    {zero_experts = 1 : i64} -> !moelora.plan<1 experts, 4 slots, top_k = 1>
  return
}
