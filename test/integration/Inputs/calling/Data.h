// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights, rows and adapters of the program, and how MLIR describes memory.
#ifndef MOELORA_TEST_CALLING_DATA_H
#define MOELORA_TEST_CALLING_DATA_H

#include "moelora/reference/Layer.h"
#include "moelora/runtime/Adapter.h"
#include "moelora/runtime/SlotTable.h"

#include <deque>
#include <string>
#include <tuple>
#include <vector>

enum { Tokens = 23, Hidden = 64, Rank = 4, Tenants = 2 };

struct LayerSizes {
  int64_t experts, intermediate;
};
inline constexpr LayerSizes layerSizes[] = {{8, 32}, {4, 48}};

/// A memref, as functions with llvm.emit_c_interface take it.
template <int Dims> struct MemRef {
  void *allocated, *data;
  int64_t offset, size[Dims], stride[Dims];
};

template <int Dims>
MemRef<Dims> describe(void *data, std::array<int64_t, Dims> sizes) {
  MemRef<Dims> result = {data, data, 0, {}, {}};
  int64_t stride = 1;
  for (int d = Dims - 1; d >= 0; --d) {
    result.size[d] = sizes[size_t(d)];
    result.stride[d] = stride;
    stride *= result.size[d];
  }
  return result;
}

using Elements = std::vector<uint16_t>; // of bf16

/// Numbers of that range, which depend on the seed only.
Elements random(int64_t count, double range, unsigned seed);
void *alignedTo256(void *memory);

struct Rows {
  MemRef<2> memRef() { return describe<2>(data.data(), {Tokens, Hidden}); }
  moelora::reference::MatrixView view() const {
    return {MOELORA_BF16, data.data(), Tokens, Hidden, Hidden};
  }
  double at(int64_t index) const {
    return moelora::reference::load(MOELORA_BF16, data.data(), index);
  }
  Elements data = Elements(Tokens * Hidden);
};
inline Rows randomRows(unsigned seed) {
  return {random(Tokens * Hidden, 1, seed)};
}

struct Weights {
  Weights(LayerSizes sizes, unsigned seed);
  std::tuple<MemRef<3>, MemRef<4>, MemRef<3>> memRefs();
  void giveTo(moelora::reference::Problem &problem) const;

  LayerSizes sizes;
  Elements router, gateUp, down;
};

/// Two adapters in memory, of both layers.
class Adapters {
public:
  Adapters();
  /// Null if an error is set.
  moelora_slot_table *makeTable(moelora_error *&error);
  /// The pairs of one layer.
  moelora::reference::Adapter read(int tenant, int layer);
  int32_t ids[Tenants];

private:
  void addPair(int tenant, const std::string &module, int64_t in, int64_t out);
  void addTensor(int tenant, const std::string &name, int64_t rows,
                 int64_t columns, double range);
  moelora_adapter_target target() const;

  std::deque<std::string> names;
  std::deque<Elements> elements;
  std::vector<moelora_tensor_data> tensors[Tenants];
  moelora_adapter_names modules = {};
  moelora_adapter_site sites[2] = {};
  moelora_adapter *adapters[Tenants] = {};
  std::deque<std::vector<float>> pairs;
};

#endif // MOELORA_TEST_CALLING_DATA_H
