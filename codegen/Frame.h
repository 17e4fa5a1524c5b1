// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of one run: a frame of 8-byte words on the stack of the entry
// point, which every stage reads, and regions of the caller's workspace, whose
// addresses are in the frame.
//
// The generated function `layout` computes all sizes and offsets:
//
//   layout(tokens, workers, frame) -> bytes     writes offsets to the frame
//
// The size of every region is a linear function of the chunk, so that nothing
// is computed twice and tasks need no sizes.
#ifndef MOELORA_CODEGEN_FRAME_H
#define MOELORA_CODEGEN_FRAME_H

#include "Unit.h"

namespace moelora::codegen {

/// The size of a region in bytes is fixed + chunk * perToken, where chunk is
/// the number of tokens of the largest chunk.
struct RegionSize {
  int64_t fixed = 0, perToken = 0;
};

class Frame {
public:
  /// At most `chunkTokens` tokens are processed at a time, which limits the
  /// workspace.
  explicit Frame(int64_t chunkTokens) : chunkTokens(chunkTokens) {}

  /// The alignment of the workspace and its regions: a cache line and a full
  /// vector.
  static constexpr int64_t Alignment = 64;

  // The byte offsets of the words that every frame has. For a chunk, Begin is
  // its first token, Tokens the number of its tokens, and Valid the number of
  // those with pairs. Output is its output. Slots is the minimum of the slots
  // of the layer's tables and of the step. Args are the arguments of the run,
  // and Status is its moelora_run_status.
  static constexpr int64_t Services = 0, Tokens = 8, Scratch = 16,
                           ScratchBytes = 24, Output = 32, Step = 40,
                           Stats = 48, Begin = 56, Valid = 64, Layer = 72,
                           Slots = 80, Args = 88, Status = 96, FirstFree = 104;

  /// A new word; its byte offset.
  int64_t word() { return words(1); }
  int64_t words(int64_t count) {
    int64_t offset = bytes;
    bytes += 8 * count;
    return offset;
  }

  /// A region whose address is a new word, or the given one.
  int64_t region(RegionSize size) {
    int64_t offset = word();
    region(size, offset);
    return offset;
  }
  void region(RegionSize size, int64_t word) {
    regions.push_back({word, size});
  }

  /// Every worker has scratch of at least this size, which stages share.
  void needScratch(int64_t fixed, int64_t perToken = 0);

  /// Called after everything is declared.
  mlir::LLVM::LLVMFuncOp emitLayout(Unit &unit);
  int64_t size() const { return bytes; }
  int64_t chunk() const { return chunkTokens; }
  /// Converts offsets to addresses.
  void emitRebase(Code &code, Ptr frame, Ptr workspace) const;

private:
  struct Region {
    int64_t word;
    RegionSize size;
  };
  int64_t chunkTokens;
  llvm::SmallVector<Region> regions;
  RegionSize scratch;
  int64_t bytes = FirstFree;
};

/// The scratch of a worker.
Ptr workerScratch(Code &code, Ptr frame, Int worker);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_FRAME_H
