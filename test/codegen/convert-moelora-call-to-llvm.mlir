// Calls become calls of the runtime; contexts and slot tables become addresses.
// RUN: moelora-opt %s --convert-moelora-call-to-llvm | FileCheck %s
// The whole way, with the layer in the same module.
// RUN: moelora-opt %s --convert-moelora-call-to-llvm \
// RUN:   --moelora-to-cpu=cpu=x86-64-v3 --convert-scf-to-cf \
// RUN:   --expand-strided-metadata --convert-to-llvm \
// RUN:   --reconcile-unrealized-casts | FileCheck %s --check-prefix=LLVM
// LLVM-NOT: {{^ *(%.* = )?(arith|builtin|cf|func|memref|moelora|scf|vector)\.}}
// LLVM: llvm.func weak @moelora_query(

!plan = !moelora.plan<4 experts, 4 slots, top_k = 2>
!t2 = !moelora.slot_table<4 slots, 4 experts, 1 x 64 x 64, max_rank = 16, bf16>

// CHECK: llvm.func @moelora_call(!llvm.ptr, i64, !llvm.ptr, i32, !llvm.ptr) -> i32
// CHECK: llvm.mlir.global internal constant @moelora_name_of_experts("experts\00")
// CHECK: moelora.layer @experts
moelora.layer @experts(
    %x: tensor<?x64xbf16> {moelora.role = #moelora.role<hidden>},
    %slots: tensor<?xi32> {moelora.role = #moelora.role<slots>},
    %ids: tensor<?x2xi32> {moelora.role = #moelora.role<expert_ids>},
    %w: tensor<?x2xf32> {moelora.role = #moelora.role<expert_weights>},
    %w2: tensor<4x64x64xbf16> {moelora.role = #moelora.role<down_weight>},
    %t2: !t2 {moelora.role = #moelora.role<down_adapters>})
    -> tensor<?x64xbf16> {
  %slot = moelora.resolve_slots %slots in %t2 : tensor<?xi32>, !t2
  %plan = moelora.dispatch %ids slots(%slot : tensor<?xi32>)
    : tensor<?x2xi32> -> !plan
  %y = moelora.expert_gemm gather %x by %plan, %w2
    : tensor<?x64xbf16>, !plan, tensor<4x64x64xbf16> -> tensor<?x64xf32>
  %yd = moelora.lora_delta gather %x by %plan, %t2 into %y
    : tensor<?x64xbf16>, !plan, !t2, tensor<?x64xf32>
  %o = moelora.combine %yd by %plan, %w
    : tensor<?x64xf32>, !plan, tensor<?x2xf32> -> tensor<?x64xbf16>
  moelora.yield %o : tensor<?x64xbf16>
}

// CHECK-LABEL: func.func @host(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x64xbf16>
// CHECK-SAME: %[[T2:[a-z0-9]+]]: !llvm.ptr, %[[Y:[a-z0-9]+]]: memref<?x64xbf16>
// CHECK-SAME: %[[CONTEXT:[a-z0-9]+]]: !llvm.ptr, %[[LAYERS:[a-z0-9]+]]: index)
func.func @host(%x: memref<?x64xbf16>, %slots: memref<?xi32>,
                %ids: memref<?x2xi32>, %w: memref<?x2xf32>,
                %w2: memref<4x64x64xbf16>, %t2: !t2, %y: memref<?x64xbf16>,
                %context: !moelora.context, %layers: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // CHECK: scf.for %[[N:[a-z0-9]+]] =
  scf.for %n = %c0 to %layers step %c1 {
    // Seven operands of 168 bytes are 147 words.
    // CHECK: %[[STACK:.*]] = llvm.intr.stacksave
    // CHECK: %[[ARRAY:.*]] = llvm.alloca %{{.*}} x !llvm.array<147 x i64>
    // CHECK: "llvm.intr.memset"(%[[ARRAY]]
    // The address of the first operand, and its sizes and strides.
    // CHECK: memref.extract_strided_metadata %[[X]]
    // CHECK: memref.extract_aligned_pointer_as_index %[[X]]
    // CHECK: llvm.inttoptr
    // CHECK: llvm.store
    // CHECK: llvm.store %[[T2]]
    // CHECK: memref.extract_strided_metadata %[[Y]]
    // CHECK: %[[COUNT:.*]] = llvm.mlir.constant(7 : i32)
    // CHECK: %[[NAME:.*]] = llvm.mlir.addressof @moelora_name_of_experts
    // CHECK: %[[NUMBER:.*]] = arith.index_cast %[[N]] : index to i64
    // CHECK: llvm.call @moelora_call(%[[CONTEXT]], %[[NUMBER]], %[[NAME]], %[[COUNT]], %[[ARRAY]])
    // CHECK: llvm.intr.stackrestore %[[STACK]]
    moelora.call @experts(%x, %slots, %ids, %w, %w2, %t2)
      into(%y : memref<?x64xbf16>) in %context[%n]
      : (memref<?x64xbf16>, memref<?xi32>, memref<?x2xi32>, memref<?x2xf32>,
         memref<4x64x64xbf16>, !t2) -> ()
  }
  return
}

// Types of functions that only pass them on, and of regions.
// CHECK-LABEL: func.func @pass_on(
// CHECK-SAME: %[[A:.*]]: !llvm.ptr, %[[B:.*]]: !llvm.ptr, %{{.*}}: i1) -> !llvm.ptr
// CHECK: %[[C:.*]] = scf.if %{{.*}} -> (!llvm.ptr)
// CHECK: scf.yield %[[A]] : !llvm.ptr
// CHECK: %[[D:.*]] = call @same(%[[C]]) : (!llvm.ptr) -> !llvm.ptr
// CHECK: return %[[D]] : !llvm.ptr
func.func @pass_on(%a: !moelora.context, %b: !moelora.context, %first: i1)
    -> !moelora.context {
  %0 = scf.if %first -> !moelora.context {
    scf.yield %a : !moelora.context
  } else {
    scf.yield %b : !moelora.context
  }
  %1 = func.call @same(%0) : (!moelora.context) -> !moelora.context
  return %1 : !moelora.context
}

// CHECK: func.func private @same(!llvm.ptr) -> !llvm.ptr
func.func private @same(!moelora.context) -> !moelora.context
