// Compiled for the ranks of a grid, which communicate by the loopback, a layer
// computes what the interpreter does, and all ranks have the same bits.
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard=tp=2 -o %t.mlir
// RUN: moelora-check-ranks %t.mlir --whole=%S/../passes/shard.mlir
// RUN: moelora-check-ranks %t.mlir --whole=%S/../passes/shard.mlir --tokens=0
// More tokens than are computed at once.
// RUN: moelora-check-ranks %t.mlir --whole=%S/../passes/shard.mlir \
// RUN:   --tokens=1100 --seed=2
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard=tp=8 -o %t.eight.mlir
// RUN: moelora-check-ranks %t.eight.mlir --whole=%S/../passes/shard.mlir --seed=3
// Experts on several ranks, and with parts of them on others.
// RUN: moelora-opt %S/../passes/shard.mlir --moelora-shard="ep=3 tp=2" -o %t.experts.mlir
// RUN: moelora-check-ranks %t.experts.mlir --whole=%S/../passes/shard.mlir
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.copies.mlir \
// RUN:   --moelora-shard="ep=2 expert-map=0,1,1,0,1,1,1,0:0,0,1,1,1,0,1,1"
// RUN: moelora-check-ranks %t.copies.mlir --whole=%S/../passes/shard.mlir --seed=6

// Devices have no exchanges yet.
// RUN: not moelora-opt %t.mlir --moelora-to-ptx=target=sm_80 2>&1 \
// RUN:   | FileCheck %s --check-prefix=GPU
// GPU: error: 'moelora.layer' op expects the whole layer, as ranks have no memory of a GPU in common yet, but it has the grid #moelora.grid<dp = 1, ep = 1, tp = 2>

module {}
