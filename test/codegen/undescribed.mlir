// An artifact says what its layer computes, in the words of moelora_layer. Where
// these cannot say it there is no description, and a remark tells the first op or
// argument that does not fit.
// DEFINE: %{compile} = moelora-opt --moelora-to-cpu=cpu=x86-64-v4 --mlir-pass-pipeline-crash-reproducer=%t.reproducer.mlir
// RUN: %{compile} %s -o %t.mlir 2>&1 | count 0
// RUN: moelora-translate %t.mlir --mlir-to-llvmir | FileCheck %s --check-prefix=DESCRIBED
// DESCRIBED: @layer.artifact = {{.*}} ptr @layer.description, ptr @layer.variants }

// No weights: rows are added up as they are.
// RUN: sed 's/combine(%%w : tensor<?x2xf32>)/sum/' %s | %{compile} -o %t.mlir 2>&1 | FileCheck %s --check-prefix=UNWEIGHTED
// UNWEIGHTED: remark: 'moelora.grouped_matmul' op expects its weights to be those of the plan's ids, but gets none; the artifact does not describe @layer
// RUN: moelora-translate %t.mlir --mlir-to-llvmir | FileCheck %s --check-prefix=NONE
// NONE: @layer.artifact = {{.*}} ptr null, ptr @layer.variants }

// Ids of one router, weights of another.
// RUN: sed 's/^  %%plan/  %%f, %%v = moelora.route %%l {router = #moelora.router<top_k = 2, score = sigmoid>} : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>\n&/; s/combine(%%w/combine(%%v/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ROUTES
// ROUTES: remark: 'moelora.grouped_matmul' op expects its weights to be those of the plan's ids, but gets a result of moelora.route

// Ops without a part, arguments that nobody reads.
// RUN: sed 's/yield %%o/yield %%y/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=DEAD
// DEAD: remark: 'moelora.rms_norm' op expects to have a part in what its layer answers, but it has none
// RUN: sed 's/ weight(%%no : tensor<20xf32>)//' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=NORM
// NORM: remark: 'moelora.rms_norm' op expects its weight to be an argument, but gets none
// RUN: sed 's/^    %%w2:/    %%b: tensor<3x20xf32> {moelora.role = #moelora.role<down_bias>},\n&/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=BIAS
// BIAS: remark: 'moelora.grouped_matmul' op expects its bias to be the argument of role down_bias, but gets none
// RUN: sed 's/^    %%w2:/    %%b: tensor<5xf32> {moelora.role = #moelora.role<selection_bias>},\n&/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=SELECTION
// SELECTION: remark: 'moelora.route' op expects the bias to be the argument of role selection_bias, but gets none
// RUN: sed 's/^    %%w2:/    %%b: tensor<?x5xf32> {moelora.role = #moelora.role<router_logits>},\n&/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=UNREAD
// UNREAD: remark: 'moelora.layer' op expects the argument of role router_logits to be read as its role says, but it is not

// Arguments of one type in each other's place.
// RUN: sed 's/^    %%s:/    %%z: tensor<?x20xbf16> {moelora.role = #moelora.role<router_hidden>},\n&/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ROUTER
// ROUTER: remark: 'moelora.grouped_matmul' op expects its input to be the argument of role router_hidden, but gets the argument of role hidden
// RUN: sed 's/^    %%s:/    %%z: tensor<?x20xbf16> {moelora.role = #moelora.role<router_hidden>},\n&/; s/gather %%x by %%plan/gather %%z by %%plan/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=EXPERTS
// EXPERTS: remark: 'moelora.grouped_matmul' op expects its input to be the argument of role hidden, but gets the argument of role router_hidden

// Adapters of other rows than their base.
// RUN: sed 's/^  %%u/  %%b = moelora.grouped_matmul gather %%x by %%plan, %%w1 activate(<silu>) : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>\n&/; s/shrink %%a/shrink %%b/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ROWS
// ROWS: remark: 'moelora.shrink' op expects its input to be that of its grouped_matmul, but gets a result of moelora.grouped_matmul

// Experts without weights.
// RUN: sed 's/from 3 to 5/from 3 to 4/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=ZERO
// ZERO: remark: 'moelora.identity_weight' op expects the zero experts of the plan, from 3 to 5, but it is from 3 to 4
// RUN: sed 's/ {zero_experts = 2 : i64}//' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=COUNT
// COUNT: remark: 'moelora.plan' op expects the experts and zero experts of the plan to be the 5 that the router knows, but they are 3

// The experts of a part of a host program.
// RUN: sed 's/^    %%w2:/    %%m: tensor<1x3xi32> {moelora.role = #moelora.role<expert_map>},\n&/; s/ {zero_experts/ map(%%m : tensor<1x3xi32>)&/' %s | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=PART
// PART: remark: 'moelora.plan' op expects all experts, but it has a map of those of a part

// A scale or another norm where the description has none.
// RUN: sed 's/%%lid by %%one/& {routed_scale = 2.0 : f32}/' %S/latent.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=SCALE
// SCALE: remark: 'moelora.grouped_matmul' op expects a sum without weights, scale and other terms, but it has some
// RUN: sed '0,/scale = 0.5/s//scale = 0.25/' %S/norms.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=NORMS
// NORMS: remark: 'moelora.rms_norm' op expects the epsilon and scale of the router's other norm, but they differ
// RUN: sed '/^moelora.layer @plain/,$d; s/%%yd by %%plan$/%%yd by %%plan, %%w/; s/f32>, !plan -> tensor<?x36xbf16>/f32>, !plan, tensor<?x2xf32> -> tensor<?x36xbf16>/' %S/weight-on-input-once.mlir | %{compile} -o /dev/null 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: remark: 'moelora.grouped_matmul' op expects its weights to be absent where they are on the input, but gets the argument of role expert_weights

!plan = !moelora.plan<3 experts, 2 slots, top_k = 2>
!one = !moelora.plan<1 experts, 2 slots, top_k = 1>
!t2 = !moelora.slot_table<2 slots, 3 experts, 1 x 20 x 12, max_rank = 16, bf16>

moelora.layer @layer(
    %x: tensor<?x20xbf16> {moelora.role = #moelora.role<hidden>},
    %s: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %wr: tensor<1x5x20xbf16> {moelora.role = #moelora.role<router_weight>},
    %w1: tensor<3x1x12x20xbf16> {moelora.role = #moelora.role<gate_up_weight>},
    %w2: tensor<3x20x12xbf16> {moelora.role = #moelora.role<down_weight>},
    %s1: tensor<1x1x8x20xbf16> {moelora.role = #moelora.role<shared_gate_up_weight>},
    %s2: tensor<1x20x8xbf16> {moelora.role = #moelora.role<shared_down_weight>},
    %sv: tensor<1x1x20xbf16> {moelora.role = #moelora.role<shared_score_weight>},
    %no: tensor<20xf32> {moelora.role = #moelora.role<output_norm_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x20xbf16> {
  %slot = moelora.resolve_slots %s in %t2 : tensor<?xi32>, !t2
  %one = moelora.plan slots(%slot : tensor<?xi32>) -> !one
  %l = moelora.grouped_matmul gather %x by %one, %wr
    : tensor<?x20xbf16>, !one, tensor<1x5x20xbf16> -> tensor<?x5xf32>
  %e, %w = moelora.route %l
    {router = #moelora.router<top_k = 2, score = softmax>}
    : tensor<?x5xf32> -> tensor<?x2xi32>, tensor<?x2xf32>
  %plan = moelora.plan %e slots(%slot : tensor<?xi32>) {zero_experts = 2 : i64}
    : tensor<?x2xi32> -> !plan
  %a = moelora.grouped_matmul gather %x by %plan, %w1 activate(<relu2>)
    : tensor<?x20xbf16>, !plan, tensor<3x1x12x20xbf16> -> tensor<?x12xbf16>
  %u = moelora.shrink %a by %plan, %t2
    : tensor<?x12xbf16>, !plan, !t2 -> tensor<?x1x16xbf16>
  %iw = moelora.identity_weight %e, %w from 3 to 5
    : tensor<?x2xi32>, tensor<?x2xf32> -> tensor<?x1xf32>
  %sa = moelora.grouped_matmul gather %x by %one, %s1 activate(<relu2>)
    : tensor<?x20xbf16>, !one, tensor<1x1x8x20xbf16> -> tensor<?x8xbf16>
  %sh = moelora.grouped_matmul %sa by %one, %s2
    : tensor<?x8xbf16>, !one, tensor<1x20x8xbf16> -> tensor<?x20xf32>
  %g = moelora.grouped_matmul gather %x by %one, %sv
    : tensor<?x20xbf16>, !one, tensor<1x1x20xbf16> -> tensor<?x1xf32>
  %y = moelora.grouped_matmul %a by %plan, %w2
    lora(%u, %t2 : tensor<?x1x16xbf16>, !t2) combine(%w : tensor<?x2xf32>)
    identity(%x, %iw : tensor<?x20xbf16>, tensor<?x1xf32>)
    shared(%sh : tensor<?x20xf32>) score(%g : tensor<?x1xf32>)
    : tensor<?x12xbf16>, !plan, tensor<3x20x12xbf16> -> tensor<?x20xbf16>
  %o = moelora.rms_norm %y weight(%no : tensor<20xf32>)
    {epsilon = 1.0e-05 : f32} : tensor<?x20xbf16> -> tensor<?x20xbf16>
  moelora.yield %o : tensor<?x20xbf16>
}
