// PTX of one kernel for several architectures.
// RUN: moelora-opt %s --moelora-emit-ptx | FileCheck %s
// The same module gives the same text.
// RUN: moelora-opt %s --moelora-emit-ptx -o %t.1
// RUN: moelora-opt %s --moelora-emit-ptx -o %t.2
// RUN: cmp %t.1 %t.2

// The oldest version of PTX that serves: 7.0 as movmatrix is not used.
// CHECK: llvm.mlir.global internal constant @plain.ptx("{{.*}}.version 7.0\0A.target sm_80
// CHECK-SAME: .visible .entry multiply(
// What a pointer may reach means nothing to a GPU.
// CHECK-NOT: moelora.bounded
// One product is one instruction, though both arms of a branch follow it.
// CHECK-SAME: mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32
// CHECK-NOT: mma.sync
// CHECK: llvm.mlir.global internal constant @plain.binaries
// CHECK-NEXT: llvm.mlir.constant(2 : i32)
gpu.module @plain [#nvvm.target<chip = "sm_80">] {
  llvm.func @moelora.bounded.1(!llvm.ptr<1>, i64) -> !llvm.ptr<1>
  llvm.func @multiply(%out: !llvm.ptr<1>, %a: i32, %c: f32, %which: i1, %bytes: i64) attributes {nvvm.kernel} {
    %own = llvm.call @moelora.bounded.1(%out, %bytes) : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>
    %all = nvvm.mma.sync A[%a, %a, %a, %a] B[%a, %a] C[%c, %c, %c, %c]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %first = llvm.extractvalue %all[0] : !llvm.struct<(f32, f32, f32, f32)>
    llvm.cond_br %which, ^store, ^double
  ^store:
    llvm.store %first, %own : f32, !llvm.ptr<1>
    llvm.return
  ^double:
    %sum = llvm.fadd %first, %first : f32
    llvm.store %sum, %own : f32, !llvm.ptr<1>
    llvm.return
  }
}

// CHECK: @transposed.ptx("{{.*}}.version 7.8\0A.target sm_86
gpu.module @transposed [#nvvm.target<chip = "sm_86">] {
  llvm.func @move(%out: !llvm.ptr<1>, %a: i32) attributes {nvvm.kernel} {
    %b = llvm.inline_asm has_side_effects "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", "=r,r" %a : (i32) -> i32
    llvm.store %b, %out : i32, !llvm.ptr<1>
    llvm.return
  }
}

// CHECK: @blackwell.ptx("{{.*}}.version 8.7\0A.target sm_120
gpu.module @blackwell [#nvvm.target<chip = "sm_120">] {
  llvm.func @nothing() attributes {nvvm.kernel} {
    llvm.return
  }
}

// ptxas does not unroll a loop with this annotation, which the conversion of
// scf leaves at the branch back.
// CHECK: @loop.ptx("{{.*}}.visible .entry count(
// CHECK-SAME: .pragma \22nounroll\22;
// CHECK-SAME: bra
gpu.module @loop [#nvvm.target<chip = "sm_80">] {
  llvm.func @count(%out: !llvm.ptr<1>, %end: i32) attributes {nvvm.kernel} {
    %zero = llvm.mlir.constant(0 : i32) : i32
    %one = llvm.mlir.constant(1 : i32) : i32
    llvm.br ^first(%zero : i32)
  ^first(%i: i32):
    llvm.store volatile %i, %out : i32, !llvm.ptr<1>
    %again = llvm.icmp "slt" %i, %end : i32
    llvm.cond_br %again, ^rest, ^done
  ^rest:
    %next = llvm.add %i, %one : i32
    llvm.br ^first(%next : i32) {llvm.loop_annotation = #llvm.loop_annotation<unroll = <disable = true>>}
  ^done:
    llvm.return
  }
}
