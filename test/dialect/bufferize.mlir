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

// A call of a layer is an op of the host: its tensors become memrefs, and its
// result a new buffer with a row for each token.
// CHECK-LABEL: func.func @calls
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x64xbf16, strided<[?, ?], offset: ?>>
// CHECK-SAME: -> memref<?x64xbf16>
// CHECK: %[[ROWS:.*]] = memref.dim %[[X]], %{{.*}}
// CHECK: %[[Y:.*]] = memref.alloc(%[[ROWS]]) {{.*}} : memref<?x64xbf16>
// CHECK: moelora.call @given(%[[X]], {{.*}}) into(%[[Y]] : memref<?x64xbf16>) in %{{.*}}[%{{.*}}] :
// CHECK: return %[[Y]] : memref<?x64xbf16>
func.func @calls(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                 %w: tensor<?x2xf32>, %w2: tensor<4x64x64xbf16>,
                 %context: !moelora.context, %n: index) -> tensor<?x64xbf16> {
  %y = moelora.call @given(%x, %ids, %w, %w2) in %context[%n]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y : tensor<?x64xbf16>
}

// A tensor that is read by a call is not overwritten before it.
// CHECK-LABEL: func.func @reads
// CHECK: %[[COPY:.*]] = memref.alloc
// CHECK: memref.copy %{{.*}}, %[[COPY]]
// CHECK: memref.store %{{.*}}, %[[COPY]]
// CHECK: moelora.call @given(%{{[a-z0-9]+}}, %{{.*}}) into
func.func @reads(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                 %w: tensor<?x2xf32>, %w2: tensor<4x64x64xbf16>, %f: bf16,
                 %n: index) -> (tensor<?x64xbf16>, tensor<?x64xbf16>) {
  %changed = tensor.insert %f into %x[%n, %n] : tensor<?x64xbf16>
  %y = moelora.call @given(%x, %ids, %w, %w2)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return %y, %changed : tensor<?x64xbf16>, tensor<?x64xbf16>
}
