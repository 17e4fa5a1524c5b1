// Compiled for ranks that have different tokens, a layer computes what the
// interpreter does.
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.ep.mlir \
// RUN:   --moelora-shard="ep=2 scheme=allgather"
// RUN: moelora-check-ranks %t.ep.mlir --whole=%S/../passes/shard.mlir
// No tokens on some ranks, or on all of them.
// RUN: moelora-check-ranks %t.ep.mlir --whole=%S/../passes/shard.mlir --tokens=1
// RUN: moelora-check-ranks %t.ep.mlir --whole=%S/../passes/shard.mlir --tokens=0
// Several chunks, of which one rank has fewer.
// RUN: moelora-check-ranks %t.ep.mlir --whole=%S/../passes/shard.mlir \
// RUN:   --tokens=2049 --seed=2
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.tp.mlir \
// RUN:   --moelora-shard="tp=2 sequence-parallel"
// RUN: moelora-check-ranks %t.tp.mlir --whole=%S/../passes/shard.mlir --seed=3
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.both.mlir \
// RUN:   --moelora-shard="ep=3 tp=2 scheme=allgather sequence-parallel"
// RUN: moelora-check-ranks %t.both.mlir --whole=%S/../passes/shard.mlir --seed=4
// RUN: moelora-check-ranks %t.both.mlir --whole=%S/../passes/shard.mlir \
// RUN:   --seed=5 --tokens=4
// RUN: moelora-opt %S/../passes/shard.mlir -o %t.dp.mlir \
// RUN:   --moelora-shard="dp=2 ep=2 tp=2 sequence-parallel"
// RUN: moelora-check-ranks %t.dp.mlir --whole=%S/../passes/shard.mlir --seed=6

module {}
