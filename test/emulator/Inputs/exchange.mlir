gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @exchange(%skip: i8, %out: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %all = llvm.mlir.constant(-1 : i32) : i32
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %c2 = llvm.mlir.constant(2 : i32) : i32
    %c3 = llvm.mlir.constant(3 : i32) : i32
    %c7 = llvm.mlir.constant(7 : i32) : i32
    %c31 = llvm.mlir.constant(31 : i32) : i32
    %c32 = llvm.mlir.constant(32 : i32) : i32
    %thread = nvvm.read.ptx.sreg.tid.x : i32
    %lane = nvvm.read.ptx.sreg.laneid : i32
    %odd = llvm.and %lane, %c1 : i32
    %isOdd = llvm.icmp "eq" %odd, %c1 : i32
    %third = llvm.and %lane, %c3 : i32
    %other = nvvm.shfl.sync bfly %all, %thread, %c7, %c31 : i32 -> i32
    %below = nvvm.shfl.sync up %all, %thread, %c1, %c0 {return_value_and_is_valid} : i32 -> !llvm.struct<(i32, i1)>
    %from = llvm.extractvalue %below[0] : !llvm.struct<(i32, i1)>
    %valid = llvm.extractvalue %below[1] : !llvm.struct<(i32, i1)>
    %ballot = nvvm.vote.sync ballot %all, %isOdd -> i32
    %same = nvvm.match.sync any %all, %third : i32 -> i32
    %sum = nvvm.redux.sync add %lane, %all : i32 -> i32
    %least = nvvm.redux.sync umin %thread, %all : i32 -> i32
    %count = nvvm.barrier #nvvm.reduction<popc> %odd -> i32
    %validBit = llvm.zext %valid : i1 to i32
    %base = llvm.mul %thread, %c7 : i32
    %at0 = llvm.getelementptr %out[%base] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    llvm.store %other, %at0 : i32, !llvm.ptr<1>
    %at1 = llvm.getelementptr %at0[1] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %validBit, %at1 : i32, !llvm.ptr<1>
    %at2 = llvm.getelementptr %at0[2] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %ballot, %at2 : i32, !llvm.ptr<1>
    %at3 = llvm.getelementptr %at0[3] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %same, %at3 : i32, !llvm.ptr<1>
    %at4 = llvm.getelementptr %at0[4] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %sum, %at4 : i32, !llvm.ptr<1>
    %at5 = llvm.getelementptr %at0[5] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %least, %at5 : i32, !llvm.ptr<1>
    %at6 = llvm.getelementptr %at0[6] : (!llvm.ptr<1>) -> !llvm.ptr<1>, i32
    llvm.store %count, %at6 : i32, !llvm.ptr<1>
    llvm.return
  }
}
