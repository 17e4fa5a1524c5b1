// RUN: moelora-opt %s --split-input-file --verify-diagnostics

// expected-error @below {{expects tokens to be a power of two in [8, 128], but it is 24}}
#tile_c1 = #moelora.tile<tokens = 24, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects tokens to be a power of two in [8, 128], but it is 256}}
#tile_c1_most = #moelora.tile<tokens = 256, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects split_k to be a power of two in [1, 8], but it is 3}}
#tile_c2 = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 3, stages = 6>

// -----

// expected-error @below {{expects split_k to be a power of two in [1, 8], but it is 0}}
#tile_c2_zero = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 0, stages = 6>

// -----

// expected-error @below {{expects positive numbers of warps and at most 32 in all groups, but they are 0 x 1 in 1}}
#tile_c3 = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 0 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects positive numbers of warps and at most 32 in all groups, but they are 8 x 1 in 8}}
#tile_c3_most = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 8 x 1, split_k = 8, stages = 6>

// -----

// expected-error @below {{expects positive numbers of warps and at most 32 in all groups, but they are 4611686018427387904 x 4 in 1}}
#tile_c3_huge = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 4611686018427387904 x 4, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects features to be a positive multiple of 64 and at most 1048576, but it is 96}}
#tile_c4 = #moelora.tile<tokens = 8, features = 96, k = 64, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects features to be a positive multiple of 64 and at most 1048576, but it is 4611686018427387904}}
#tile_c4_huge = #moelora.tile<tokens = 8, features = 4611686018427387904, k = 64, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects tokens to be a positive multiple of 16 and at most 1048576, but it is 8}}
#tile_c5 = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 2 x 2, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects k to be a positive multiple of 16 and at most 1048576, but it is 24}}
#tile_c6 = #moelora.tile<tokens = 8, features = 128, k = 24, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects stages to be in [1, 8], but it is 9}}
#tile_c7 = #moelora.tile<tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 9>

// -----

// expected-error @below {{expects at most 192 accumulators in a lane, but there are 256}}
#tile_c8 = #moelora.tile<tokens = 128, features = 256, k = 64, warps = 4 x 1, split_k = 1, stages = 6>

// -----

// expected-error @below {{expects a tile, but there is none}}
#schedule_c1 = #moelora.schedule<strategy = in_place, order = k, tiles = []>

// -----

// expected-error @below {{expects tiles with strictly ascending tokens, but 8 follows 16}}
#schedule_c2 = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 16, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

// -----

// expected-error @below {{expects tiles with strictly ascending tokens, but 8 follows 8}}
#schedule_c2_equal = #moelora.schedule<strategy = in_place, order = tile, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>,
  <tokens = 8, features = 64, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

// -----

// expected-error @below {{expects the tiles of a schedule with the order k to divide K in the same way, but the tile of 8 tokens has split_k 4 and k 64, and that of 16 tokens has split_k 1 and k 64}}
#schedule_c3 = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 4, stages = 6>,
  <tokens = 16, features = 128, k = 64, warps = 4 x 1, split_k = 1, stages = 6>]>

// -----

// expected-error @below {{expects the tiles of a schedule with the order k to divide K in the same way, but the tile of 8 tokens has split_k 4 and k 64, and that of 16 tokens has split_k 4 and k 32}}
#schedule_c3_k = #moelora.schedule<strategy = in_place, order = k, tiles = [
  <tokens = 8, features = 128, k = 64, warps = 4 x 1, split_k = 4, stages = 6>,
  <tokens = 16, features = 128, k = 32, warps = 4 x 1, split_k = 4, stages = 6>]>

// -----

// expected-error @below {{expects rows to be a positive multiple of group and at most 1048576, but rows is 50 and group is 4}}
#cpu_schedule_c1 = #moelora.cpu_schedule<rows = 50, group = 4>

// -----

// expected-error @below {{expects rows to be a positive multiple of group and at most 1048576, but rows is 0 and group is 0}}
#cpu_schedule_c1_positive = #moelora.cpu_schedule<rows = 0, group = 0>

// -----

// expected-error @below {{expects rows to be a positive multiple of group and at most 1048576, but rows is 4611686018427387904 and group is 4}}
#cpu_schedule_c1_huge = #moelora.cpu_schedule<rows = 4611686018427387904, group = 4>
