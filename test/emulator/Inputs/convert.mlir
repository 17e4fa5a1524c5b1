gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @convert(%in: !llvm.ptr<1>, %out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c4 = llvm.mlir.constant(4 : i32) : i32
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %at = llvm.getelementptr %in[%lane] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, vector<2xf32>
    %pair = llvm.load %at {alignment = 8 : i64} : !llvm.ptr<1> -> vector<2xf32>
    %i0 = llvm.mlir.constant(0 : i32) : i32
    %i1 = llvm.mlir.constant(1 : i32) : i32
    %low = llvm.extractelement %pair[%i0 : i32] : vector<2xf32>
    %high = llvm.extractelement %pair[%i1 : i32] : vector<2xf32>
    %b = nvvm.convert.f32x2.to.bf16x2 %high, %low {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xbf16>
    %h = nvvm.convert.f32x2.to.f16x2 %high, %low {rnd = #nvvm.fp_rnd_mode<rn>} : vector<2xf16>
    %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.f"(%low) : (f32) -> f32
    %bits = llvm.bitcast %b : vector<2xbf16> to i32
    %moved = llvm.inline_asm has_side_effects "movmatrix.sync.aligned.m8n8.trans.b16 $0, $1;", "=r,r" %bits : (i32) -> i32
    %base = llvm.mul %lane, %c4 : i32
    %to0 = llvm.getelementptr %out[%base] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %to1 = llvm.getelementptr %to0[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %to2 = llvm.getelementptr %to0[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    %to3 = llvm.getelementptr %to0[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %bits, %to0 : i32, !llvm.ptr<1>
    %halves = llvm.bitcast %h : vector<2xf16> to i32
    llvm.store %halves, %to1 : i32, !llvm.ptr<1>
    llvm.store %e, %to2 : f32, !llvm.ptr<1>
    llvm.store %moved, %to3 : i32, !llvm.ptr<1>
    llvm.return
  }
}
