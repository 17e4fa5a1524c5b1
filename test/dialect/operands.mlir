// What an op may have beside its usual operands.
// RUN: moelora-opt %s | moelora-opt | FileCheck %s
// RUN: moelora-opt %s --mlir-print-op-generic | moelora-opt | FileCheck %s

!plan = !moelora.plan<8 experts, 4 slots, top_k = 2>
!t13 = !moelora.slot_table<4 slots, 8 experts, 2 x 32 x 64, max_rank = 16, bf16>

// The bias is there for the experts that can be chosen, the scale for all.
// CHECK-LABEL: @route
// CHECK: moelora.route %{{.*}} scale(%{{.*}} : tensor<8xf32>) {
// CHECK: moelora.route %{{.*}} table(%{{.*}} at %{{.*}} : tensor<100x2xi32>, tensor<?xi32>) {
// CHECK: moelora.route %{{.*}} bias(%{{.*}} : tensor<7xf32>) scale(%{{.*}} : tensor<8xf32>) {router = #moelora.router<{{.*}}always = 1>}
// CHECK: moelora.route %{{.*}} scale(%{{.*}} : tensor<8xf32>) table(%{{.*}} at %{{.*}}) {
func.func @route(%logits: tensor<?x8xf32>, %bias: tensor<7xf32>,
                 %scale: tensor<8xf32>, %table: tensor<100x2xi32>,
                 %tokens: tensor<?xi32>) {
  %a, %b = moelora.route %logits scale(%scale : tensor<8xf32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %c, %d = moelora.route %logits
    table(%table at %tokens : tensor<100x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %e, %f = moelora.route %logits bias(%bias : tensor<7xf32>)
    scale(%scale : tensor<8xf32>)
    {router = #moelora.router<top_k = 3, score = sigmoid, bias_on = logit,
                              always = 1>}
    : tensor<?x8xf32> -> tensor<?x3xi32>, tensor<?x3xf32>
  %g, %h = moelora.route %logits scale(%scale : tensor<8xf32>)
    table(%table at %tokens : tensor<100x2xi32>, tensor<?xi32>)
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x8xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  return
}

// CHECK-LABEL: @zero_experts
// CHECK: moelora.dispatch %{{.*}} {zero_experts = 3 : i64} : tensor<?x2xi32> ->
// CHECK: moelora.plan %{{.*}} {zero_experts = 3 : i64} : tensor<?x2xi32> ->
func.func @zero_experts(%ids: tensor<?x2xi32>) {
  %plan = moelora.dispatch %ids {zero_experts = 3 : i64}
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  %fused = moelora.plan %ids {zero_experts = 3 : i64}
    : tensor<?x2xi32> -> !moelora.plan<8 experts, 0 slots, top_k = 2>
  return
}

// A norm without weight; a linear in f32 on what it answers.
// CHECK-LABEL: @router_linear
// CHECK: moelora.rms_norm %{{.*}} {epsilon = 0.000000e+00 : f32} : tensor<?x64xbf16> -> tensor<?x64xbf16>
// CHECK: moelora.expert_gemm %{{.*}} : tensor<?x64xbf16>, {{.*}}, tensor<1x8x64xf32> -> tensor<?x8xf32>
// CHECK: moelora.grouped_matmul %{{.*}} : tensor<?x64xbf16>, {{.*}}, tensor<1x8x64xf32> -> tensor<?x8xf32>
func.func @router_linear(%x: tensor<?x64xbf16>, %w: tensor<1x8x64xf32>,
    %one: !moelora.plan<1 experts, 4 slots, top_k = 1>) {
  %n = moelora.rms_norm %x {epsilon = 0.0 : f32}
    : tensor<?x64xbf16> -> tensor<?x64xbf16>
  %l = moelora.expert_gemm %n by %one, %w
    : tensor<?x64xbf16>, !moelora.plan<1 experts, 4 slots, top_k = 1>,
      tensor<1x8x64xf32> -> tensor<?x8xf32>
  %m = moelora.grouped_matmul %n by %one, %w
    : tensor<?x64xbf16>, !moelora.plan<1 experts, 4 slots, top_k = 1>,
      tensor<1x8x64xf32> -> tensor<?x8xf32>
  return
}

// CHECK-LABEL: @weighted
// CHECK: moelora.activation %{{.*}} weighted(%{{.*}} by %{{.*}} : tensor<?x2xf32>, !moelora.plan<8 experts, 4 slots, top_k = 2>) {
// CHECK: moelora.grouped_matmul gather %{{.*}} lora(%{{.*}}) weighted(%{{.*}} : tensor<?x2xf32>) activate(<silu, gated>) :
func.func @weighted(%x: tensor<?x64xbf16>, %plan: !plan, %h: tensor<?x2x32xf32>,
                    %w: tensor<?x2xf32>, %w13: tensor<8x2x32x64xbf16>,
                    %u: tensor<?x2x16xbf16>, %t13: !t13) {
  %a = moelora.activation %h weighted(%w by %plan : tensor<?x2xf32>, !plan)
    {function = #moelora.act<silu, gated>}
    : tensor<?x2x32xf32> -> tensor<?x32xbf16>
  %f = moelora.grouped_matmul gather %x by %plan, %w13
    lora(%u, %t13 : tensor<?x2x16xbf16>, !t13)
    weighted(%w : tensor<?x2xf32>) activate(<silu, gated>)
    : tensor<?x64xbf16>, !plan, tensor<8x2x32x64xbf16> -> tensor<?x32xbf16>
  return
}

// CHECK-LABEL: @combine
// CHECK: moelora.combine %{{[a-z0-9_]+}} by %{{[a-z0-9_]+}} : tensor<?x64xf32>, {{.*}} -> tensor<?x64xbf16>
// CHECK: moelora.combine %{{.*}} by %{{.*}}, %{{.*}} identity(%{{.*}}, %{{.*}} : tensor<?x64xbf16>, tensor<?x1xf32>) shared(%{{.*}}) {shared_scale = 5.000000e-01 : f32}
// CHECK: moelora.grouped_matmul %{{.*}} sum :
// CHECK: moelora.grouped_matmul %{{.*}} sum shared(%{{.*}} : tensor<?x64xf32>) :
// CHECK: moelora.grouped_matmul %{{.*}} combine(%{{.*}}) identity(%{{.*}}, %{{.*}} : tensor<?x64xbf16>, tensor<?x1xf32>) {routed_scale = 2.500000e+00 : f32, shared_scale = 5.000000e-01 : f32} :
func.func @combine(%y: tensor<?x64xf32>, %plan: !plan, %w: tensor<?x2xf32>,
    %x: tensor<?x64xbf16>, %iw: tensor<?x1xf32>, %shared: tensor<?x64xf32>,
    %a: tensor<?x32xbf16>, %w2: tensor<8x64x32xbf16>) {
  %s = moelora.combine %y by %plan
    : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  %i = moelora.combine %y by %plan, %w
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x1xf32>)
    shared(%shared : tensor<?x64xf32>) {shared_scale = 0.5 : f32}
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  %f = moelora.grouped_matmul %a by %plan, %w2 sum
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  %g = moelora.grouped_matmul %a by %plan, %w2 sum
    shared(%shared : tensor<?x64xf32>)
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  %h = moelora.grouped_matmul %a by %plan, %w2 combine(%w : tensor<?x2xf32>)
    identity(%x, %iw : tensor<?x64xbf16>, tensor<?x1xf32>)
    {routed_scale = 2.5 : f32, shared_scale = 0.5 : f32}
    : tensor<?x32xbf16>, !plan, tensor<8x64x32xbf16> -> tensor<?x64xbf16>
  return
}

// CHECK-LABEL: @schedules
// CHECK: moelora.plan schedule(#moelora.schedule<strategy = in_place, order = k, tiles = [<tokens = 8, {{.*}}>]>) -> <
// CHECK: moelora.shrink gather %{{.*}} by %{{.*}}, %{{.*}} schedule(<strategy = in_place, order = k, tiles = [<tokens = 8, features = 16, {{.*}}>]>) :
// CHECK: moelora.grouped_matmul gather %{{.*}} by %{{.*}}, %{{.*}} sum schedule(<strategy = in_place, order = k, tiles = [<tokens = 8, features = 128, {{.*}}>]>) :
func.func @schedules(%x: tensor<?x64xbf16>, %w: tensor<1x64x64xbf16>,
    %t: !moelora.slot_table<0 slots, 1 experts, 1 x 64 x 64, max_rank = 16, bf16>) {
  %plan = moelora.plan schedule(#moelora.schedule<
    strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1,
       stages = 6>]>) -> !moelora.plan<1 experts, 0 slots, top_k = 1>
  %u = moelora.shrink gather %x by %plan, %t
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 16, k = 32, warps = 1 x 1, split_k = 4,
       stages = 6>]>)
    : tensor<?x64xbf16>, !moelora.plan<1 experts, 0 slots, top_k = 1>,
      !moelora.slot_table<0 slots, 1 experts, 1 x 64 x 64, max_rank = 16, bf16>
      -> tensor<?x1x16xbf16>
  %o = moelora.grouped_matmul gather %x by %plan, %w sum
    schedule(<strategy = in_place, order = k, tiles = [
      <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1,
       stages = 6>]>)
    : tensor<?x64xbf16>, !moelora.plan<1 experts, 0 slots, top_k = 1>,
      tensor<1x64x64xbf16> -> tensor<?x64xbf16>
  return
}
