// What a layer says of itself: rows of operands with type and shape, the slot
// table that it takes, and the services that it calls.
// RUN: moelora-opt %s --moelora-to-cpu=cpu=x86-64-v3 \
// RUN:   | moelora-translate --mlir-to-llvmir | FileCheck %s

// A row is size, role, part, dtype, dims, alignment, entry points that need it,
// reserved; shape; stride; how it is quantised. Slot ids have none: a step has
// resolved them.
// CHECK: @layer.cpu.operands = internal constant [7 x
// CHECK-NOT: i32 168, i32 1, i32 0,
// CHECK-SAME: i32 168, i32 0, i32 0, i32 2, i32 2, i32 2, i32 6, i32 0, [8 x i64] [i64 -1, i64 20, i64 0,
// CHECK-SAME: i32 168, i32 4, i32 0, i32 1, i32 2, i32 4, i32 2, i32 0, [8 x i64] [i64 -1, i64 5, i64 0,
// CHECK-SAME: i32 168, i32 9, i32 0, i32 1, i32 1, i32 4, i32 2, i32 0, [8 x i64] [i64 5, i64 0,
// CHECK-SAME: i32 168, i32 12, i32 0, i32 2, i32 3, i32 2, i32 6, i32 0, [8 x i64] [i64 3, i64 20, i64 20, i64 0, i64 0, i64 0, i64 0, i64 0], [8 x i64] [i64 400, i64 20, i64 1, i64 0, i64 0, i64 0, i64 0, i64 0], ptr null

// Services: parallel_for, route, identity_weights, plan. Facts: size, dtype,
// page order, slots, the least max_rank, experts with weights, logits; hidden,
// width, intermediate, shared; down alone is adapted. The grid: not cut.
// CHECK: @layer.variants = internal constant [1 x
// CHECK-SAME: { i32 208, i32 64, ptr @layer.cpu.target, ptr @layer.cpu.tuning, ptr @layer.cpu.needs, i64 15, i64 134222449, i64 0,
// CHECK-SAME: c"H\00\00\00\02\00\00\00\01\00\00\00\02\00\00\00!\00\00\00\03\00\00\00\05\00\00\00\00\00\00\00
// CHECK-SAME: \14\00\00\00\00\00\00\00\14\00\00\00\00\00\00\00\14\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\04\00\00\00\00\00\00\00",
// CHECK-SAME: i32 7, i32 0, i32 0, i32 2, ptr @layer.cpu.operands, ptr null, ptr null, ptr @layer.cpu.entries, ptr @layer.workspace, i32 1, i32 1, i32 1, i32 0

// Magic, ABI, minor, size, layer number, variants; no description: a layer has
// two projections.
// CHECK: @layer.artifact = internal constant
// CHECK-SAME: { i32 1095912525, i32 4, i32 3, i32 72, i32 7, i32 1, ptr @layer.producer, ptr @layer.name, [16 x i8] c"{{[^"]*}}", ptr null, ptr @layer.variants }

!plan = !moelora.plan<3 experts, 2 slots, top_k = 2>
!t2 = !moelora.slot_table<2 slots, 3 experts, 1 x 20 x 20, max_rank = 33, f16>

moelora.layer @layer(
    %x: tensor<?x20xf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %l: tensor<?x5xf32> {moelora.role = #moelora.role<router_logits>},
    %b: tensor<5xf32> {moelora.role = #moelora.role<selection_bias>},
    %w2: tensor<3x20x20xf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x20xf16> attributes {moelora.layer_number = 7 : i64} {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %e, %w = moelora.route %l bias(%b : tensor<5xf32>)
    {router = #moelora.router<top_k = 2, score = sigmoid, bias_on = score>}
    : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e slots(%slot : tensor<?xi32>)
    {zero_experts = 2 : i64} : tensor<?x2xi32> -> !plan
  %u = moelora.shrink gather %x by %plan, %t2
    : tensor<?x20xf16>, !plan, !t2 -> tensor<?x1x33xf16>
  %iw = moelora.identity_weight %e, %w from 3 to 5
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %o = moelora.grouped_matmul gather %x by %plan, %w2
    lora(%u, %t2 : tensor<?x1x33xf16>, !t2)
    combine(%w : tensor<?x2xf32>)
    identity(%x, %iw : tensor<?x20xf16>, tensor<?x1xf32>)
    : tensor<?x20xf16>, !plan, tensor<3x20x20xf16> -> tensor<?x20xf16>
  moelora.yield %o : tensor<?x20xf16>
}
