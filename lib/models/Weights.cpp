// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight operands of a layer and every way in which they may be stored.

#include "Family.h"

#include "moelora/models/Weights.h"

namespace moelora::models {

namespace {

using Names = const char *const *;

size_t lengthOf(Names names) {
  size_t length = 0;
  while (names && names[length])
    ++length;
  return length;
}

/// Writes the operands of one layer with the names of its family.
class OperandWriter {
public:
  OperandWriter(const moelora_layer &layer, const moelora_adapter_names &names)
      : layer(layer), names(names), dtype(moelora_dtype(layer.dtype)) {}

  std::vector<Operand> write() const;

private:
  const moelora_layer &layer;
  const moelora_adapter_names &names;
  moelora_dtype dtype;

  Source perExpert(const std::string &module,
                   const std::vector<std::string> &slices, Shape shape) const;
  std::vector<Source> expertSources(const std::vector<Names> &slices,
                                    Names packed, Shape shape,
                                    Shape packedShape) const;
  std::vector<Source> blockSources(const std::vector<std::string> &slices,
                                   Shape shape) const;
  Operand gateUp() const;
  Operand down() const;
  Operand router() const;
  void addShared(std::vector<Operand> &operands) const;
};

/// experts.E.SLICE.weight, the slices of an expert one after the other.
Source OperandWriter::perExpert(const std::string &module,
                                const std::vector<std::string> &slices,
                                Shape shape) const {
  Source source;
  int64_t offset = 0;
  for (int64_t e = 0; e < layer.router.experts; ++e)
    for (const std::string &slice : slices) {
      source.push_back(
          {module + "." + std::to_string(e) + "." + slice + ".weight", shape,
           offset});
      offset += shape[0] * shape[1];
    }
  return source;
}

std::vector<Source>
OperandWriter::expertSources(const std::vector<Names> &slices, Names packed,
                             Shape shape, Shape packedShape) const {
  std::vector<Source> sources;
  for (Names block = names.block; *block; ++block) {
    std::string module = std::string(*block) + "." + names.experts[0];
    for (size_t spelling = 0; spelling < lengthOf(slices[0]); ++spelling) {
      std::vector<std::string> words;
      for (Names slice : slices)
        words.push_back(slice[spelling]);
      sources.push_back(perExpert(module, words, shape));
    }
    for (size_t i = 0; i < lengthOf(packed); ++i)
      sources.push_back({{module + "." + packed[i], packedShape, 0}});
  }
  return sources;
}

/// BLOCK.SLICE.weight, slices one after the other.
std::vector<Source>
OperandWriter::blockSources(const std::vector<std::string> &slices,
                            Shape shape) const {
  std::vector<Source> sources;
  for (Names block = names.block; *block; ++block) {
    Source source;
    for (const std::string &slice : slices)
      source.push_back({std::string(*block) + "." + slice + ".weight", shape,
                        int64_t(source.size()) * shape[0] * shape[1]});
    sources.push_back(std::move(source));
  }
  return sources;
}

Operand OperandWriter::gateUp() const {
  int64_t experts = layer.router.experts;
  int64_t slices = layer.activation.gated ? 2 : 1;
  Shape one = {layer.intermediate, layer.hidden};
  Shape packed = {experts, slices * layer.intermediate, layer.hidden};
  std::vector<Names> spelled = {names.up};
  if (layer.activation.gated)
    spelled.insert(spelled.begin(), names.gate);
  return {MOELORA_GATE_UP_WEIGHT, dtype,
          Shape{experts, slices, layer.intermediate, layer.hidden},
          expertSources(spelled, names.packed_gate_up, one, packed)};
}

Operand OperandWriter::down() const {
  Shape one = {layer.hidden, layer.intermediate};
  Shape packed = {layer.router.experts, layer.hidden, layer.intermediate};
  return {MOELORA_DOWN_WEIGHT, dtype, packed,
          expertSources({names.down}, names.packed_down, one, packed)};
}

Operand OperandWriter::router() const {
  Shape shape = {layer.router.experts, layer.hidden};
  return {MOELORA_ROUTER_WEIGHT, dtype, shape,
          blockSources({names.router[0]}, shape)};
}

void OperandWriter::addShared(std::vector<Operand> &operands) const {
  std::string module = std::string(names.shared[0]) + ".";
  std::vector<std::string> slices = {module + names.shared_up[0]};
  if (layer.shared_activation.gated)
    slices.insert(slices.begin(), module + names.shared_gate[0]);
  Shape in = {layer.shared, layer.hidden};
  Shape out = {layer.hidden, layer.shared};
  operands.push_back({MOELORA_SHARED_GATE_UP_WEIGHT, dtype,
                      Shape{1, int64_t(slices.size()), in[0], in[1]},
                      blockSources(slices, in)});
  operands.push_back({MOELORA_SHARED_DOWN_WEIGHT, dtype,
                      Shape{1, out[0], out[1]},
                      blockSources({module + names.shared_down[0]}, out)});
  if (layer.shared_score)
    operands.push_back(
        {MOELORA_SHARED_SCORE_WEIGHT, dtype, Shape{1, 1, layer.hidden},
         blockSources({names.shared_score[0]}, {1, layer.hidden})});
}

std::vector<Operand> OperandWriter::write() const {
  std::vector<Operand> operands = {router(), gateUp(), down()};
  if (layer.shared)
    addShared(operands);
  return operands;
}

} // namespace

int64_t Operand::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::vector<Operand> weightOperands(const Model &model, int layer) {
  return OperandWriter(model.layer(layer), model.family().names).write();
}

const std::vector<std::string> &namePrefixes() {
  static const std::vector<std::string> prefixes = {
      "model.", "model.language_model.", "language_model.model.", ""};
  return prefixes;
}

} // namespace moelora::models
