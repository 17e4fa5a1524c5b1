/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters that sign what they change. A token chooses one expert; its hidden
 * state is 1 in the first place. Every matrix of an adapter adds five small
 * whole numbers, which say whose it is, where it belongs and of which version
 * it is, to places of the output row that are its own:
 *
 *     row  [0, 5)    64 + what gate says     silu(64 + c) is 64 + c in f32
 *          [8, 13)   64 * what up says       the gate is 64 there
 *          23        1                       what down's A reads
 *          [24, 29)  what down says
 *
 * All of it is exact in bf16, so a row is right in every bit or wrong.
 */
#ifndef MOELORA_TEST_SLOTS_CANARYCODE_H
#define MOELORA_TEST_SLOTS_CANARYCODE_H

#include "moelora/runtime/Adapter.h"

#include <array>
#include <memory>
#include <string>
#include <vector>

namespace moelora::test {

/// The layer that is compiled in, and the model around it.
constexpr int32_t canaryHidden = 48, canaryIntermediate = 24, canaryExperts = 6,
                  canaryChoices = 2, canaryLayers = 2;
/// Two of the five numbers, of six bits each, are the version.
constexpr int32_t canaryVersions = 1 << 12;

using CanaryRow = std::array<uint16_t, canaryHidden>;

/// The tenant that changed a row; -1: none.
struct Signature {
  int32_t tenant = -1, version = 0;
};

/// The row of a token from an expert of a layer.
CanaryRow signedRow(const Signature &by, int32_t layer, int32_t expert);

struct Reading {
  enum Kind { Base, Signed, NotANumber, Garbled } kind;
  Signature by; ///< of Signed
};
Reading readRow(const CanaryRow &row, int32_t layer, int32_t expert);

/// The operands of the layer.
struct CanaryWeights {
  CanaryWeights();
  std::vector<uint16_t> router, gateUp, down;
};

const moelora_adapter_target &canaryTarget();

using CanaryAdapter =
    std::unique_ptr<moelora_adapter, void (*)(moelora_adapter *)>;

/// The tensors of an adapter, and the adapter; its rank depends on its tenant.
class SignedAdapter {
public:
  explicit SignedAdapter(const Signature &by);
  const moelora_adapter *get() const { return adapter.get(); }

private:
  void addPair(const Signature &by, int32_t layer, int32_t projection,
               int32_t expert);
  void addMatrix(const std::string &name, int64_t rows, int64_t columns,
                 std::vector<float> values);

  const int64_t rank;
  std::vector<std::string> names;
  std::vector<std::vector<float>> data;
  std::vector<moelora_tensor_data> tensors;
  CanaryAdapter adapter{nullptr, moelora_adapter_close};
};

} // namespace moelora::test

#endif // MOELORA_TEST_SLOTS_CANARYCODE_H
