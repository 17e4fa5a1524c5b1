// A host program is bufferized around a layer; the layer keeps its tensors,
// because code generation places them.
// RUN: moelora-opt %s --one-shot-bufferize=bufferize-function-boundaries | FileCheck %s
// So do ops that a host program has outside of layers.
// RUN: moelora-opt %S/ops.mlir --one-shot-bufferize=bufferize-function-boundaries \
// RUN:   | FileCheck %s --check-prefix=OUTSIDE
// OUTSIDE-LABEL: @gate_up
// OUTSIDE: %[[X:.*]] = bufferization.to_tensor
// OUTSIDE: moelora.expert_gemm gather %{{.*}} -> tensor<?x2x32xf32>

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>

// CHECK-LABEL: moelora.layer @given
// CHECK-NOT: memref
// CHECK-NOT: bufferization
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @host
// CHECK-SAME: memref<4xf32
// CHECK: memref.store
func.func @host(%a: tensor<4xf32>, %i: index, %f: f32) -> tensor<4xf32> {
  %0 = tensor.insert %f into %a[%i] : tensor<4xf32>
  return %0 : tensor<4xf32>
}
