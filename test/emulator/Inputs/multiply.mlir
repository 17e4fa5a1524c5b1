gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.mlir.global external @shared() {addr_space = 3 : i32, alignment = 16 : i64} : !llvm.array<0 x i8>
  llvm.func @multiply(%a: !llvm.ptr<1>, %b: !llvm.ptr<1>, %d: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c2 = llvm.mlir.constant(2 : i32) : i32
    %c3 = llvm.mlir.constant(3 : i32) : i32
    %c4 = llvm.mlir.constant(4 : i32) : i32
    %c5 = llvm.mlir.constant(5 : i32) : i32
    %c7 = llvm.mlir.constant(7 : i32) : i32
    %c8 = llvm.mlir.constant(8 : i32) : i32
    %c15 = llvm.mlir.constant(15 : i32) : i32
    %c16 = llvm.mlir.constant(16 : i32) : i32
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c512 = llvm.mlir.constant(512 : i32) : i32
    %zero = llvm.mlir.constant(0.0 : f32) : f32
    %lane = nvvm.read.ptx.sreg.tid.x : i32
    %shared = llvm.mlir.addressof @shared : !llvm.ptr<3>
    %sharedB = llvm.getelementptr %shared[%c512] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8

    %offset = llvm.mul %lane, %c16 : i32
    %toA = llvm.getelementptr %shared[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %toB = llvm.getelementptr %sharedB[%offset] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %fromA = llvm.getelementptr %a[%offset] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
    %fromB = llvm.getelementptr %b[%offset] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i8
    %hasB = llvm.icmp "ult" %lane, %c16 : i32
    %bytes = llvm.select %hasB, %c16, %c0 : i1, i32
    nvvm.cp.async.shared.global %toA, %fromA, 16, cache = cg : !llvm.ptr<3>, !llvm.ptr<1>
    nvvm.cp.async.shared.global %toB, %fromB, 16, cache = cg, %bytes : !llvm.ptr<3>, !llvm.ptr<1>, i32
    nvvm.cp.async.commit.group
    nvvm.cp.async.wait.group 0
    nvvm.barrier0

    %rowA = llvm.and %lane, %c15 : i32
    %halfA = llvm.lshr %lane, %c4 : i32
    %rowA32 = llvm.shl %rowA, %c5 : i32
    %halfA16 = llvm.shl %halfA, %c4 : i32
    %atA = llvm.add %rowA32, %halfA16 : i32
    %rowB = llvm.and %lane, %c7 : i32
    %halfB = llvm.lshr %lane, %c3 : i32
    %oddB = llvm.and %halfB, %c1 : i32
    %rowB32 = llvm.shl %rowB, %c5 : i32
    %oddB16 = llvm.shl %oddB, %c4 : i32
    %atB = llvm.add %rowB32, %oddB16 : i32
    %addressA = llvm.getelementptr %shared[%atA] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %addressB = llvm.getelementptr %sharedB[%atB] : (!llvm.ptr<3>, i32) -> !llvm.ptr<3>, i8
    %ma = nvvm.ldmatrix %addressA {num = 4 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32, i32, i32)>
    %mb = nvvm.ldmatrix %addressB {num = 2 : i32, layout = #nvvm.mma_layout<row>, shape = #nvvm.ld_st_matrix_shape<m = 8, n = 8>, eltType = #nvvm.ld_st_matrix_elt_type<b16>} : (!llvm.ptr<3>) -> !llvm.struct<(i32, i32)>
    %a0 = llvm.extractvalue %ma[0] : !llvm.struct<(i32, i32, i32, i32)>
    %a1 = llvm.extractvalue %ma[1] : !llvm.struct<(i32, i32, i32, i32)>
    %a2 = llvm.extractvalue %ma[2] : !llvm.struct<(i32, i32, i32, i32)>
    %a3 = llvm.extractvalue %ma[3] : !llvm.struct<(i32, i32, i32, i32)>
    %b0 = llvm.extractvalue %mb[0] : !llvm.struct<(i32, i32)>
    %b1 = llvm.extractvalue %mb[1] : !llvm.struct<(i32, i32)>
    %md = nvvm.mma.sync A[%a0, %a1, %a2, %a3] B[%b0, %b1] C[%zero, %zero, %zero, %zero]
      {layoutA = #nvvm.mma_layout<row>, layoutB = #nvvm.mma_layout<col>, multiplicandAPtxType = #nvvm.mma_type<bf16>, multiplicandBPtxType = #nvvm.mma_type<bf16>, shape = #nvvm.shape<m = 16, n = 8, k = 16>}
      : (i32, i32, f32) -> !llvm.struct<(f32, f32, f32, f32)>
    %d0 = llvm.extractvalue %md[0] : !llvm.struct<(f32, f32, f32, f32)>
    %d1 = llvm.extractvalue %md[1] : !llvm.struct<(f32, f32, f32, f32)>
    %d2 = llvm.extractvalue %md[2] : !llvm.struct<(f32, f32, f32, f32)>
    %d3 = llvm.extractvalue %md[3] : !llvm.struct<(f32, f32, f32, f32)>

    %group = llvm.lshr %lane, %c2 : i32
    %member = llvm.and %lane, %c3 : i32
    %row8 = llvm.shl %group, %c3 : i32
    %column = llvm.shl %member, %c1 : i32
    %at0 = llvm.add %row8, %column : i32
    %at1 = llvm.add %at0, %c1 : i32
    %c64 = llvm.mlir.constant(64 : i32) : i32
    %at2 = llvm.add %at0, %c64 : i32
    %at3 = llvm.add %at1, %c64 : i32
    %to0 = llvm.getelementptr %d[%at0] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to1 = llvm.getelementptr %d[%at1] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to2 = llvm.getelementptr %d[%at2] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    %to3 = llvm.getelementptr %d[%at3] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, f32
    llvm.store %d0, %to0 : f32, !llvm.ptr<1>
    llvm.store %d1, %to1 : f32, !llvm.ptr<1>
    llvm.store %d2, %to2 : f32, !llvm.ptr<1>
    llvm.store %d3, %to3 : f32, !llvm.ptr<1>
    llvm.return
  }
}
