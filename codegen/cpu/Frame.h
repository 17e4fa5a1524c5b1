// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The state of one run: a frame of 8-byte words on the stack of the entry
// point, which every task reads, and regions of the caller's workspace whose
// addresses are such words.
//
// Sizes and offsets come from one place, the generated function `layout`:
//
//   layout(tokens, workers, frame) -> bytes     offsets go into the frame
//
// Every region is a linear function of the chunk, so that nothing is computed
// twice and the tasks need no sizes.
#ifndef MOELORA_CODEGEN_FRAME_H
#define MOELORA_CODEGEN_FRAME_H

#include "Unit.h"

namespace moelora::codegen {

/// Tokens are processed in chunks of this many: it bounds the workspace, and a
/// stripe of the combined output stays in the second-level cache.
constexpr int64_t ChunkTokens = 1024;

/// Bytes of a region: fixed + chunk * perToken, where chunk is the tokens of
/// the largest chunk.
struct RegionSize {
  int64_t fixed = 0, perToken = 0;
};

class Frame {
public:
  /// Of the workspace and its regions: a cache line, and what a full vector is
  /// aligned to.
  static constexpr int64_t Alignment = 64;

  // Byte offsets of the words that are always there. Of the chunk are: Begin,
  // its first token; Tokens, how many; Valid, how many of them have pairs;
  // Output. Slots is the least of the slots of the layer's tables and those of
  // the step.
  static constexpr int64_t Services = 0, Tokens = 8, Scratch = 16,
                           ScratchBytes = 24, Output = 32, Step = 40,
                           Stats = 48, Begin = 56, Valid = 64, Layer = 72,
                           Slots = 80, FirstFree = 88;

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

  /// Every worker gets scratch of at least this size; stages share it.
  void needScratch(int64_t fixed, int64_t perToken = 0);

  /// Once everything is declared.
  mlir::LLVM::LLVMFuncOp emitLayout(Unit &unit);
  int64_t size() const { return bytes; }
  /// Offsets to addresses.
  void emitRebase(Code &code, Ptr frame, Ptr workspace) const;

private:
  struct Region {
    int64_t word;
    RegionSize size;
  };
  llvm::SmallVector<Region> regions;
  RegionSize scratch;
  int64_t bytes = FirstFree;
};

/// The scratch of a worker.
Ptr workerScratch(Code &code, Ptr frame, Int worker);

} // namespace moelora::codegen

#endif // MOELORA_CODEGEN_FRAME_H
