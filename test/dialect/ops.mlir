// RUN: moelora-opt %s | moelora-opt | FileCheck %s
// RUN: moelora-opt %s --mlir-print-op-generic | moelora-opt | FileCheck %s

// CHECK-LABEL: moelora.layer @given(
// CHECK-SAME: %hidden: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>}
// CHECK-SAME: %expert_ids: tensor<?x2xi32>
// CHECK: moelora.yield %{{.*}} : tensor<?x64xbf16>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32>
    -> !moelora.plan<4 experts, 0 slots, top_k = 2>
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
      tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !moelora.plan<4 experts, 0 slots, top_k = 2>,
      tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// CHECK-LABEL: @resolve
// CHECK: moelora.resolve_slots %{{.*}} in %{{.*}}, %{{.*}} : tensor<?xi32>
func.func @resolve(%ids: tensor<?xi32>,
    %t13: !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>,
    %t2: !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>) {
  %slot = moelora.resolve_slots %ids in %t13, %t2 : tensor<?xi32>,
    !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>,
    !moelora.slot_table<4 slots, 8 experts, 1 x 64 x 32, max_rank = 16, bf16>
  return
}

// CHECK-LABEL: @route
// CHECK: moelora.route %{{.*}} {router = #moelora.router<top_k = 2, score = softmax>}
// CHECK: moelora.route %{{.*}} bias(%{{.*}} : tensor<8xf32>) {{{.*}}bias_on = score
func.func @route(%logits: tensor<?x8xf32>, %bias: tensor<8xf32>) {
  %ids, %w = moelora.route %logits
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %i, %v = moelora.route %logits bias(%bias : tensor<8xf32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// CHECK-LABEL: @norm
// CHECK: moelora.rms_norm %{{.*}} weight(%{{.*}} : tensor<64xf32>) {epsilon = {{.*}} : f32, scale = 1.250000e-01 : f32} : tensor<?x64xbf16> -> tensor<?x64xf32>
func.func @norm(%x: tensor<?x64xbf16>, %v: tensor<64xf32>) {
  %n = moelora.rms_norm %x weight(%v : tensor<64xf32>)
    {epsilon = 1.0e-06 : f32, scale = 0.125 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xf32>
  return
}

// CHECK-LABEL: @identity
// CHECK: moelora.identity_weight %{{.*}}, %{{.*}} from 8 to 12 : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
func.func @identity(%ids: tensor<?x2xi32>, %w: tensor<?x2xf32>) {
  %iw = moelora.identity_weight %ids, %w from 8 to 12
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  return
}

// CHECK-LABEL: @plans
// CHECK: moelora.dispatch %{{.*}} slots(%{{.*}} : tensor<?xi32>) : tensor<?x2xi32> ->
// CHECK: moelora.dispatch slots(%{{.*}} : tensor<?xi32>) ->
// CHECK: moelora.plan %{{.*}} slots(%{{.*}} : tensor<?xi32>) schedule(#moelora.cpu_schedule<rows = 48, group = 4>) : tensor<?x2xi32> ->
func.func @plans(%ids: tensor<?x2xi32>, %slot: tensor<?xi32>) {
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 4 slots, top_k = 2>
  %one = moelora.dispatch slots(%slot : tensor<?xi32>)
    -> !moelora.plan<1 experts, 4 slots, top_k = 1>
  %fused = moelora.plan %ids slots(%slot : tensor<?xi32>)
    schedule(#moelora.cpu_schedule<rows = 48, group = 4>)
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 4 slots, top_k = 2>
  return
}

// CHECK-LABEL: @gate_up
// CHECK: moelora.expert_gemm gather %{{.*}} by %{{.*}}, %{{.*}} :
// CHECK: moelora.expert_gemm gather %{{.*}} by %{{.*}}, %{{.*}} bias(%{{.*}} : tensor<8x2x32xf32>) :
// CHECK: moelora.lora_delta gather %{{.*}} by %{{.*}}, %{{.*}} into %{{.*}} :
// CHECK: moelora.activation %{{.*}} {function = #moelora.act<silu, gated>} :
// CHECK: moelora.shrink gather %{{.*}} by %{{.*}}, %{{.*}} :
// CHECK: moelora.grouped_matmul gather %{{.*}} lora(%{{.*}}, %{{.*}} : {{.*}}) activate(<silu, gated>)
func.func @gate_up(%x: tensor<?x64xbf16>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w13: tensor<8x2x32x64xbf16>, %b13: tensor<8x2x32xf32>,
    %t13: !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>) {
  %h = moelora.expert_gemm gather %x by %plan, %w13
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %hb = moelora.expert_gemm gather %x by %plan, %w13
    bias(%b13 : tensor<8x2x32xf32>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x2x32x64xbf16> -> tensor<?x2x32xf32>
  %hd = moelora.lora_delta gather %x by %plan, %t13 into %h
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>,
      tensor<?x2x32xf32>
  %act = moelora.activation %hd {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %u = moelora.shrink gather %x by %plan, %t13
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>
      -> tensor<?x2x16xbf16>
  %a = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>,
         !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>)
    activate(<silu, gated>)
    : tensor<?x64xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// CHECK-LABEL: @down
// CHECK: moelora.combine %{{.*}} by %{{.*}}, %{{.*}} :
// CHECK: moelora.combine %{{.*}} shared(%{{.*}} : tensor<?x64xf32>) score(%{{.*}} : tensor<?x1xf32>) {routed_scale = 2.500000e+00 : f32}
// CHECK: moelora.grouped_matmul %{{.*}} combine(%{{.*}} : tensor<?x2xf32>) shared(%{{.*}}) score(%{{.*}})
func.func @down(%a: tensor<?x32xbf16>, %yd: tensor<?x64xf32>,
    %plan: !moelora.plan<8 experts, 4 slots, top_k = 2>,
    %w: tensor<?x2xf32>, %w2: tensor<8x64x32xbf16>,
    %shared: tensor<?x64xf32>, %score: tensor<?x1xf32>) {
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<?x2xf32> -> tensor<?x64xbf16>
  %s = moelora.combine %yd by %plan, %w shared(%shared : tensor<?x64xf32>)
    score(%score : tensor<?x1xf32>) {routed_scale = 2.5 : f32}
    : tensor<?x64xf32>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<?x2xf32> -> tensor<?x64xbf16>
  %f = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    shared(%shared : tensor<?x64xf32>) score(%score : tensor<?x1xf32>)
    : tensor<?x32xbf16>, !moelora.plan<8 experts, 4 slots, top_k = 2>,
      tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}
