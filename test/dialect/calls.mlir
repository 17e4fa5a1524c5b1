// Calls of layers, as values and of memory, in functions and in their regions.
// RUN: moelora-opt %s | moelora-opt | FileCheck %s
// RUN: moelora-opt %s --emit-bytecode | moelora-opt | FileCheck %s
// A call with a context is kept; without one it is pure.
// RUN: moelora-opt %s --canonicalize | FileCheck %s --check-prefix=EFFECTS
// The page order of slot tables is the layer's business.
// RUN: moelora-opt %s -o %t.scheduled \
// RUN:   --pass-pipeline='builtin.module(moelora.layer(moelora-fuse-lora,moelora-fuse-epilogue,moelora-schedule{target=sm_80}))'
// RUN: FileCheck %s --check-prefix=ORDER --input-file=%t.scheduled
// ORDER: moelora.layer @adapted({{.*}}fragment_major
// ORDER: moelora.call @adapted({{.*}}max_rank = 16, bf16>)

!plan = !moelora.plan<4 experts, 0 slots, top_k = 2>
!plan4 = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>
!t2part = !moelora.slot_table<4 slots, 2 experts, 1 x 64 x 16, max_rank = 16, bf16>

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

// CHECK-LABEL: func.func @forms
func.func @forms(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                 %w: tensor<?x2xf32>, %w2: tensor<4x64x64xbf16>,
                 %bx: memref<?x64xbf16>, %bids: memref<?x2xi32>,
                 %bw: memref<?x2xf32>, %bw2: memref<4x64x64xbf16>,
                 %by: memref<?x64xbf16>, %map: tensor<1x4xi32>,
                 %half: tensor<2x64x64xbf16>, %context: !moelora.context,
                 %n: index) -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
  // CHECK: %[[Y:.*]] = moelora.call @given(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}) in %{{.*}}[%{{.*}}] :
  %y = moelora.call @given(%x, %ids, %w, %w2) in %context[%n]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  // CHECK: moelora.call @given({{.*}}) into(%{{.*}} : memref<?x64xbf16>) in %{{.*}}[%{{.*}}] : {{.*}} -> ()
  moelora.call @given(%bx, %bids, %bw, %bw2)
    into(%by : memref<?x64xbf16>) in %context[%n]
    : (memref<?x64xbf16>, memref<?x2xi32>, memref<?x2xf32>,
       memref<4x64x64xbf16>) -> ()
  // CHECK: moelora.call @given({{.*}}) cut = [2, 1] : {{.*}} -> tensor<?x64xf32>
  %p = moelora.call @given(%x, %ids, %w, %half, %map) cut = [2, 1]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<2x64x64xbf16>, tensor<1x4xi32>) -> tensor<?x64xf32>
  return %y, %p : tensor<?x64xbf16>, tensor<?x64xf32>
}

// EFFECTS-LABEL: func.func @unused
// EFFECTS-NEXT: moelora.call
// EFFECTS-NEXT: return
func.func @unused(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                  %w: tensor<?x2xf32>, %w2: tensor<4x64x64xbf16>,
                  %context: !moelora.context, %n: index) {
  %0 = moelora.call @given(%x, %ids, %w, %w2)
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  %1 = moelora.call @given(%x, %ids, %w, %w2) in %context[%n]
    : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
  return
}

// The layers of a model in a loop, each with its number.
// CHECK-LABEL: func.func @regions
func.func @regions(%x: tensor<?x64xbf16>, %ids: tensor<?x2xi32>,
                   %w: tensor<?x2xf32>, %w2: tensor<4x64x64xbf16>,
                   %context: !moelora.context, %layers: index, %again: i1)
                   -> tensor<?x64xbf16> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for %[[N:[a-z0-9]+]] =
  // CHECK: moelora.call @given({{.*}}) in %{{.*}}[%[[N]]]
  %y = scf.for %n = %c0 to %layers step %c1 iter_args(%h = %x)
      -> tensor<?x64xbf16> {
    %next = moelora.call @given(%h, %ids, %w, %w2) in %context[%n]
      : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
         tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
    scf.yield %next : tensor<?x64xbf16>
  }
  // CHECK: scf.if
  // CHECK: moelora.call @given
  %z = scf.if %again -> tensor<?x64xbf16> {
    %next = moelora.call @given(%y, %ids, %w, %w2) in %context[%c0]
      : (tensor<?x64xbf16>, tensor<?x2xi32>, tensor<?x2xf32>,
         tensor<4x64x64xbf16>) -> tensor<?x64xbf16>
    scf.yield %next : tensor<?x64xbf16>
  } else {
    scf.yield %y : tensor<?x64xbf16>
  }
  return %z : tensor<?x64xbf16>
}

moelora.layer @adapted(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan4
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan4, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t2 into %y
    : tensor<?x64xbf16>, !plan4, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan4, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// Slot tables are values of the host, and are cut as their projection is.
// CHECK-LABEL: func.func @tables
func.func @tables(%x: tensor<?x64xbf16>, %slots: tensor<?xi32>,
                  %ids: tensor<?x2xi32>, %w: tensor<?x2xf32>,
                  %w2: tensor<4x64x64xbf16>, %t2: !t2,
                  %p2: tensor<2x64x16xbf16>, %tp: !t2part,
                  %map: tensor<1x4xi32>)
                  -> (tensor<?x64xbf16>, tensor<?x64xf32>) {
  // CHECK: moelora.call @adapted
  %y = moelora.call @adapted(%x, %slots, %ids, %w, %w2, %t2)
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<4x64x64xbf16>, !t2) -> tensor<?x64xbf16>
  // CHECK: cut = [2, 4]
  %p = moelora.call @adapted(%x, %slots, %ids, %w, %p2, %tp, %map)
    cut = [2, 4]
    : (tensor<?x64xbf16>, tensor<?xi32>, tensor<?x2xi32>, tensor<?x2xf32>,
       tensor<2x64x16xbf16>, !t2part, tensor<1x4xi32>) -> tensor<?x64xf32>
  return %y, %p : tensor<?x64xbf16>, tensor<?x64xf32>
}
