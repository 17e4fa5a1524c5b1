// Calls that other passes have to convert first.
// RUN: moelora-opt %s --split-input-file --verify-diagnostics \
// RUN:   --convert-moelora-call-to-llvm

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @host(%x: tensor<?x64xbf16>, %i: tensor<?x2xi32>, %w: tensor<4x64x64xbf16>, %c: !moelora.context, %n: index) {
  // expected-error @below {{'moelora.call' op expects memrefs and a destination, as one-shot-bufferize makes them}}
  %y = moelora.call @given(%x, %i, %w) in %c[%n]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<4x64x64xbf16>)
      -> tensor<?x64xbf16>
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @host(%x: memref<?x64xbf16>, %i: memref<?x2xi32>, %w: memref<4x64x64xbf16>) {
  // expected-error @below {{'moelora.call' op expects a context, but there is none}}
  moelora.call @given(%x, %i, %w) into(%x : memref<?x64xbf16>)
    : (memref<?x64xbf16>, memref<?x2xi32>, memref<4x64x64xbf16>) -> ()
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
func.func @host(%x: memref<?x64xbf16>, %i: memref<?x2xi32>, %w: memref<4x64x64xbf16>, %c: !moelora.context, %n: index) {
  // expected-error @below {{'moelora.call' op expects a call without cut, as moelora-instantiate makes it}}
  moelora.call @given(%x, %i, %w) into(%x : memref<?x64xbf16>) in %c[%n]
    cut = [1, 1]
    : (memref<?x64xbf16>, memref<?x2xi32>, memref<4x64x64xbf16>) -> ()
  return
}

// -----

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
moelora.layer @given(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>})
    -> tensor<?x64xbf16> {
  %plan = moelora.dispatch %ids : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %o = moelora.combine %y by %plan : tensor<?x64xf32>, !plan -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}
// expected-error @below {{redefinition of function 'moelora_call' of different type '!llvm.func<i32 (ptr, i64, ptr, i32, ptr)>' is prohibited}}
llvm.func @moelora_call() -> i32
func.func @host(%x: memref<?x64xbf16>, %i: memref<?x2xi32>, %w: memref<4x64x64xbf16>, %c: !moelora.context, %n: index) {
  moelora.call @given(%x, %i, %w) into(%x : memref<?x64xbf16>) in %c[%n]
    : (memref<?x64xbf16>, memref<?x2xi32>, memref<4x64x64xbf16>) -> ()
  return
}
