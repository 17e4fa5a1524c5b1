/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "CanaryCode.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

using namespace moelora::test;

namespace {

constexpr int64_t H = canaryHidden, I = canaryIntermediate;

/// silu(64) is 64, because 1 + e^-64 rounds to 1.
constexpr float gateValue = 64;
/// The columns that the three projections write, and those that down's A reads.
constexpr size_t firstPlace[] = {0, 8, 24};
constexpr size_t constantPlace = 23;

/// Ranks of one page, of a full one, and of two.
constexpr int64_t ranks[] = {1, 16, 17};

using Numbers = std::array<float, 5>;

Numbers numbersOf(const Signature &by, int32_t layer, int32_t projection,
                  int32_t expert) {
  if (by.tenant < 0)
    return {};
  int32_t place = layer * MOELORA_PROJECTIONS + projection;
  return {float(by.tenant + 1), float(place + 1), float(expert + 1),
          float(by.version & 63), float(by.version >> 6)};
}

/// Exact for all values here.
uint16_t bf16(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint16_t>(bits >> 16);
}

float wide(uint16_t value) {
  uint32_t bits = uint32_t(value) << 16;
  float result;
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

size_t at(int64_t row, int64_t column, int64_t columns) {
  return static_cast<size_t>(row * columns + column);
}

const char *const block[] = {"mlp", nullptr};
const char *const experts[] = {"experts", nullptr};
const char *const projections[][2] = {
    {"gate_proj", nullptr}, {"up_proj", nullptr}, {"down_proj", nullptr}};

struct Target {
  Target() {
    names.block = block;
    names.experts = experts;
    names.gate = projections[MOELORA_GATE];
    names.up = projections[MOELORA_UP];
    names.down = projections[MOELORA_DOWN];
    for (int32_t layer = 0; layer < canaryLayers; ++layer) {
      moelora_adapter_site &site = sites[static_cast<size_t>(layer)];
      site.size = sizeof site;
      site.layer = layer;
      site.experts = canaryExperts;
      site.hidden = H;
      site.intermediate = I;
      site.gated = 1;
      site.names = &names;
    }
    target = {sizeof target, canaryLayers, sites.data(), canaryLayers, 0};
  }
  moelora_adapter_names names = {};
  std::array<moelora_adapter_site, canaryLayers> sites = {};
  moelora_adapter_target target = {};
};

} // namespace

CanaryRow moelora::test::signedRow(const Signature &by, int32_t layer,
                                   int32_t expert) {
  CanaryRow row = {};
  Numbers gate = numbersOf(by, layer, MOELORA_GATE, expert);
  Numbers up = numbersOf(by, layer, MOELORA_UP, expert);
  Numbers down = numbersOf(by, layer, MOELORA_DOWN, expert);
  for (size_t i = 0; i < gate.size(); ++i) {
    row[firstPlace[MOELORA_GATE] + i] = bf16(gateValue + gate[i]);
    row[firstPlace[MOELORA_UP] + i] = bf16(gateValue * up[i]);
    row[firstPlace[MOELORA_DOWN] + i] = bf16(down[i]);
  }
  row[constantPlace] = bf16(1);
  return row;
}

Reading moelora::test::readRow(const CanaryRow &row, int32_t layer,
                               int32_t expert) {
  if (row == signedRow({}, layer, expert))
    return {Reading::Base, {}};
  for (uint16_t value : row)
    if (!std::isfinite(wide(value)))
      return {Reading::NotANumber, {}};
  auto number = [&](size_t i) {
    float value = wide(row[firstPlace[MOELORA_GATE] + i]) - gateValue;
    return static_cast<int32_t>(value);
  };
  Signature by = {number(0) - 1, number(3) + (number(4) << 6)};
  bool isSigned = row == signedRow(by, layer, expert);
  return {isSigned ? Reading::Signed : Reading::Garbled, by};
}

CanaryWeights::CanaryWeights()
    : router(static_cast<size_t>(canaryExperts * H)),
      gateUp(static_cast<size_t>(canaryExperts * 2 * I * H)),
      down(static_cast<size_t>(canaryExperts * H * I)) {
  const size_t first = firstPlace[MOELORA_GATE];
  for (int64_t e = 0; e < canaryExperts; ++e)
    for (int64_t i = 0; i < I; ++i) {
      gateUp[at((e * 2 + 0) * I + i, 0, H)] = bf16(gateValue);
      bool one = size_t(i) >= first && size_t(i) < first + Numbers().size();
      float up = one ? 1 : size_t(i) == constantPlace ? 1 / gateValue : 0;
      gateUp[at((e * 2 + 1) * I + i, 0, H)] = bf16(up);
      down[at(e * H + i, i, I)] = bf16(1);
    }
}

const moelora_adapter_target &moelora::test::canaryTarget() {
  static const Target target;
  return target.target;
}

SignedAdapter::SignedAdapter(const Signature &by)
    : rank(ranks[size_t(by.tenant) % std::size(ranks)]) {
  for (int32_t layer = 0; layer < canaryLayers; ++layer)
    for (int32_t projection : {MOELORA_GATE, MOELORA_UP, MOELORA_DOWN})
      for (int32_t expert = 0; expert < canaryExperts; ++expert)
        addPair(by, layer, projection, expert);
  for (size_t i = 0; i < tensors.size(); ++i) {
    tensors[i].name = names[i].c_str();
    tensors[i].data = data[i].data();
  }
  std::string text = std::to_string(rank); // so that the scale is 1
  text = "{\"peft_type\": \"LORA\", \"r\": " + text +
         ", \"lora_alpha\": " + text + "}";
  moelora_adapter *opened = nullptr;
  if (moelora_adapter_open_memory(
          text.c_str(), tensors.data(), static_cast<int64_t>(tensors.size()),
          &canaryTarget(), nullptr, &opened, nullptr) != MOELORA_OK)
    throw std::runtime_error("expects the canary's adapters to bind");
  adapter.reset(opened);
}

/// Only the last rank is not zero, which is in the last page.
void SignedAdapter::addPair(const Signature &by, int32_t layer,
                            int32_t projection, int32_t expert) {
  bool isDown = projection == MOELORA_DOWN;
  int64_t in = isDown ? I : H, out = isDown ? H : I;
  std::vector<float> a(static_cast<size_t>(rank * in));
  std::vector<float> b(static_cast<size_t>(out * rank));
  a[at(rank - 1, isDown ? int64_t(constantPlace) : 0, in)] = 1;
  Numbers numbers = numbersOf(by, layer, projection, expert);
  int64_t place = static_cast<int64_t>(firstPlace[projection]);
  for (size_t i = 0; i < numbers.size(); ++i)
    b[at(place + int64_t(i), rank - 1, rank)] = numbers[i];
  std::string module = "base_model.model.model.layers." +
                       std::to_string(layer) + ".mlp.experts." +
                       std::to_string(expert) + "." +
                       projections[projection][0];
  addMatrix(module + ".lora_A.weight", rank, in, std::move(a));
  addMatrix(module + ".lora_B.weight", out, rank, std::move(b));
}

void SignedAdapter::addMatrix(const std::string &name, int64_t rows,
                              int64_t columns, std::vector<float> values) {
  names.push_back(name);
  data.push_back(std::move(values));
  tensors.push_back({nullptr, MOELORA_F32, 2, {rows, columns}, nullptr});
}
