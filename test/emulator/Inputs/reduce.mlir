gpu.module @kernels [#nvvm.target<chip = "sm_80">] {
  llvm.func @reduce(%partial: !llvm.ptr<1>, %arrived: !llvm.ptr<1>, %sum: !llvm.ptr<1>) attributes {nvvm.kernel} {
    %c0 = llvm.mlir.constant(0 : i32) : i32
    %c1 = llvm.mlir.constant(1 : i32) : i32
    %block = nvvm.read.ptx.sreg.ctaid.x : i32
    %blocks = nvvm.read.ptx.sreg.nctaid.x : i32
    %own = llvm.getelementptr %partial[%block] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %value = llvm.mul %block, %block : i32
    llvm.store %value, %own : i32, !llvm.ptr<1>
    nvvm.memory.barrier <gpu>
    %before = llvm.atomicrmw add %arrived, %c1 syncscope("device") monotonic : !llvm.ptr<1>, i32
    nvvm.memory.barrier <gpu>
    %last = llvm.sub %blocks, %c1 : i32
    %isLast = llvm.icmp "eq" %before, %last : i32
    llvm.cond_br %isLast, ^add(%c0, %c0 : i32, i32), ^end
  ^add(%i: i32, %total: i32):
    %at = llvm.getelementptr %partial[%i] : (!llvm.ptr<1>, i32) -> !llvm.ptr<1>, i32
    %term = llvm.load %at : !llvm.ptr<1> -> i32
    %next = llvm.add %total, %term : i32
    %j = llvm.add %i, %c1 : i32
    %more = llvm.icmp "ult" %j, %blocks : i32
    llvm.cond_br %more, ^add(%j, %next : i32, i32), ^store(%next : i32)
  ^store(%result: i32):
    llvm.store %result, %sum : i32, !llvm.ptr<1>
    llvm.br ^end
  ^end:
    llvm.return
  }
}
