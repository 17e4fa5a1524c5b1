// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The weight operands of a layer, and every form in which they may be stored.

#include "Family.h"
#include "Pieces.h"

#include "moelora/support/ModelPrefixes.h"

#include <algorithm>

namespace moelora::models {

namespace {

using NameList = const char *const *;
using Paths = std::vector<std::string>;

Paths wordsOf(NameList names) {
  Paths words;
  for (; names && *names; ++names)
    words.push_back(*names);
  return words;
}

Paths wordsOf(const Keys &keys) { return {keys.begin(), keys.end()}; }

/// "block.module"; a block without a name is the layer itself.
std::string join(const std::string &block, const std::string &module) {
  return block.empty() ? module : block + "." + module;
}

/// Lists the operands of one layer with the names of its family.
class OperandWriter {
public:
  OperandWriter(const moelora_layer &layer, const Family &family)
      : layer(layer), names(family.names), storage(family.storage),
        dtype(moelora_dtype(layer.dtype)),
        width(layer.latent ? layer.latent : layer.hidden),
        experts(layer.router.experts - layer.zero_experts),
        blocks(wordsOf(family.names.block)) {
    for (const char *block : family.storage.blocks)
      blocks.push_back(block);
  }

  std::vector<Operand> write();
  Operand writeRouter();

private:
  const moelora_layer &layer;
  const moelora_adapter_names &names;
  const Storage &storage;
  moelora_dtype dtype;
  int64_t width;   // width of the rows that routed experts read
  int64_t experts; // that have weights
  Paths blocks;
  std::vector<Operand> operands;

  bool has(moelora_bias bias) const { return layer.biases & bias; }
  void add(moelora_role role, moelora_dtype type, Shape shape,
           std::vector<Source> sources);
  void addVector(moelora_role role, const Keys &paths, Shape shape);
  void addLinear(moelora_role weight, moelora_role bias, bool hasBias,
                 NameList modules, Shape shape, moelora_dtype type);

  std::vector<NameList> slices(NameList gate, NameList up, bool gated) const;
  void addForms(std::vector<Source> &sources, const Forms &forms,
                const Forms &always, const OperandAxes &axes) const;
  void addPerExpert(std::vector<Source> &sources,
                    const std::vector<NameList> &modules, const char *end,
                    const char *layout, const OperandAxes &axes) const;
  void addExperts(moelora_role role, moelora_role bias, bool hasBias,
                  const std::vector<NameList> &modules, const Forms &forms,
                  const Forms &biasForms, const Forms &always,
                  const Shape &shape);
  void addSharedLinear(moelora_role role, moelora_role bias, bool hasBias,
                       const std::vector<NameList> &modules, NameList together,
                       const Shape &shape);
  std::vector<Source> sharedSources(const std::vector<NameList> &modules,
                                    NameList together, const char *end,
                                    bool hasColumns, const Shape &shape) const;

  void addTable();
  void addExpertScale();
  void addRouter();
  void addRouted();
  void addLatent();
  void addShared();
};

/// [experts, slices, rows, columns] of an operand's shape, and without columns
/// those of its bias.
OperandAxes axesOf(const Shape &shape, bool hasColumns) {
  Shape full = shape;
  if (!hasColumns)
    full.back() = 1;
  int64_t slices = full.size() == 4 ? full[1] : 1;
  return {full[0], slices, full[full.size() - 2], full.back()};
}

Shape withoutColumns(Shape shape) {
  shape.pop_back();
  return shape;
}

void OperandWriter::add(moelora_role role, moelora_dtype type, Shape shape,
                        std::vector<Source> sources) {
  operands.push_back({role, type, std::move(shape), std::move(sources)});
}

/// A tensor with a separate name. Some files have an additional dimension of 1.
void OperandWriter::addVector(moelora_role role, const Keys &paths,
                              Shape shape) {
  std::vector<Source> sources;
  OperandAxes axes = {1, 1, 1, shape.front()};
  for (const char *path : paths)
    for (const char *layout : {"c", "r,c"})
      sources.push_back({pieceOf(path, layout, axes, 0)});
  add(role, MOELORA_F32, std::move(shape), std::move(sources));
}

/// A linear module of the block: its weight, and its bias if it has one.
void OperandWriter::addLinear(moelora_role weight, moelora_role bias,
                              bool hasBias, NameList modules, Shape shape,
                              moelora_dtype type) {
  OperandAxes axes = {1, 1, shape[shape.size() - 2], shape.back()};
  OperandAxes biasAxes = {1, 1, axes.rows, 1};
  std::vector<Source> weights, biases;
  for (const std::string &block : blocks)
    for (const std::string &module : wordsOf(modules)) {
      std::string path = join(block, module);
      weights.push_back({pieceOf(path + ".weight", "r,c", axes, 0)});
      biases.push_back({pieceOf(path + ".bias", "r", biasAxes, 0)});
    }
  add(weight, type, shape, std::move(weights));
  if (hasBias)
    add(bias, MOELORA_F32, withoutColumns(shape), std::move(biases));
}

std::vector<NameList> OperandWriter::slices(NameList gate, NameList up,
                                            bool gated) const {
  return gated ? std::vector<NameList>{gate, up} : std::vector<NameList>{up};
}

/// The tensors of a form: one per slice, or one for all slices.
void addStored(Source &source, const std::string &block, const Stored &form,
               const OperandAxes &axes, int64_t offset) {
  for (const char *tensor : form.tensors) {
    source.push_back(pieceOf(join(block, tensor), form.layout, axes, offset));
    offset += axes.axis('s').stride;
  }
}

void OperandWriter::addForms(std::vector<Source> &sources, const Forms &forms,
                             const Forms &always,
                             const OperandAxes &axes) const {
  OperandAxes chosen = axes, rest = axes;
  chosen.experts -= layer.router.always;
  rest.experts = layer.router.always;
  for (const std::string &block : blocks)
    for (size_t i = 0; i < std::size(forms.forms); ++i) {
      if (!forms.forms[i].layout)
        continue;
      Source source;
      addStored(source, block, forms.forms[i], chosen, 0);
      if (rest.experts > 0)
        addStored(source, block, always.forms[i], rest,
                  chosen.experts * chosen.axis('e').stride);
      sources.push_back(std::move(source));
    }
}

/// experts.E.MODULE, with one tensor per slice of an expert.
void OperandWriter::addPerExpert(std::vector<Source> &sources,
                                 const std::vector<NameList> &modules,
                                 const char *end, const char *layout,
                                 const OperandAxes &axes) const {
  size_t spellings = wordsOf(modules.back()).size();
  for (const std::string &block : blocks)
    for (size_t spelling = 0; spelling < spellings; ++spelling) {
      Source source;
      int64_t offset = 0;
      for (int64_t e = 0; e < axes.experts; ++e)
        for (NameList module : modules) {
          std::string path = join(block, names.experts[0]) + "." +
                             std::to_string(e) + "." + module[spelling] + end;
          source.push_back(pieceOf(path, layout, axes, offset));
          offset += axes.axis('s').stride;
        }
      sources.push_back(std::move(source));
    }
}

/// Libraries with zero experts may include them in packed tensors.
void OperandWriter::addExperts(moelora_role role, moelora_role bias,
                               bool hasBias,
                               const std::vector<NameList> &modules,
                               const Forms &forms, const Forms &biasForms,
                               const Forms &always, const Shape &shape) {
  OperandAxes axes = axesOf(shape, true);
  std::vector<Source> sources;
  if (layer.router.always == 0)
    addPerExpert(sources, modules, ".weight", "r,c", axes);
  addForms(sources, forms, always, axes);
  if (layer.zero_experts > 0) {
    axes.stored = layer.router.experts;
    addForms(sources, forms, always, axes);
  }
  add(role, dtype, shape, std::move(sources));
  if (!hasBias)
    return;
  Shape biasShape = withoutColumns(shape);
  OperandAxes biasAxes = axesOf(shape, false);
  std::vector<Source> biases;
  addPerExpert(biases, modules, ".bias", "r", biasAxes);
  addForms(biases, biasForms, {}, biasAxes);
  add(bias, MOELORA_F32, biasShape, std::move(biases));
}

void OperandWriter::addRouted() {
  int64_t count = layer.activation.gated ? 2 : 1;
  addExperts(MOELORA_GATE_UP_WEIGHT, MOELORA_GATE_UP_BIAS,
             has(MOELORA_HAS_GATE_UP_BIAS),
             slices(names.gate, names.up, layer.activation.gated),
             storage.gateUp, storage.gateUpBias, storage.alwaysGateUp,
             {experts, count, layer.intermediate, width});
  addExperts(MOELORA_DOWN_WEIGHT, MOELORA_DOWN_BIAS, has(MOELORA_HAS_DOWN_BIAS),
             {names.down}, storage.down, storage.downBias, storage.alwaysDown,
             {experts, width, layer.intermediate});
}

void OperandWriter::addTable() {
  const moelora_router &router = layer.router;
  OperandAxes axes = {1, 1, router.table_rows, router.top_k};
  std::vector<Source> sources;
  for (const char *path : storage.tokenTable)
    sources.push_back({pieceOf(path, "r,c", axes, 0)});
  add(MOELORA_TOKEN_TABLE, MOELORA_F32, {axes.rows, axes.columns},
      std::move(sources));
  operands.back().ids = router.experts;
}

/// One number for each expert, or one for all of them.
void OperandWriter::addExpertScale() {
  const int64_t experts = layer.router.experts;
  addVector(MOELORA_EXPERT_SCALE, storage.expertScale, {experts});
  for (const char *path : storage.expertScale) {
    Source source;
    for (int64_t e = 0; e < experts; ++e)
      source.push_back(pieceOf(path, "c", {1, 1, 1, 1}, e));
    operands.back().sources.push_back(std::move(source));
  }
}

void OperandWriter::addRouter() {
  const moelora_router &router = layer.router;
  const int64_t logits = router.experts;
  addLinear(MOELORA_ROUTER_WEIGHT, MOELORA_ROUTER_BIAS,
            has(MOELORA_HAS_ROUTER_BIAS), names.router, {logits, layer.hidden},
            moelora_dtype(layer.router_dtype));
  if (router.bias_on)
    addVector(MOELORA_SELECTION_BIAS, storage.selectionBias,
              {logits - router.always});
  if (router.table_rows > 0)
    addTable();
  if (router.expert_scale)
    addExpertScale();
  if (layer.router_norm.present)
    addVector(MOELORA_ROUTER_NORM_WEIGHT, storage.routerNorm, {layer.hidden});
  if (layer.output_norm.present)
    addVector(MOELORA_OUTPUT_NORM_WEIGHT, storage.outputNorm, {layer.hidden});
}

void OperandWriter::addLatent() {
  addLinear(MOELORA_LATENT_IN_WEIGHT, MOELORA_LATENT_IN_BIAS,
            has(MOELORA_HAS_LATENT_IN_BIAS), names.latent_in,
            {1, layer.latent, layer.hidden}, dtype);
  addLinear(MOELORA_LATENT_OUT_WEIGHT, MOELORA_LATENT_OUT_BIAS,
            has(MOELORA_HAS_LATENT_OUT_BIAS), names.latent_out,
            {1, layer.hidden, layer.latent}, dtype);
}

std::vector<Source>
OperandWriter::sharedSources(const std::vector<NameList> &modules,
                             NameList together, const char *end,
                             bool hasColumns, const Shape &shape) const {
  OperandAxes axes = axesOf(shape, hasColumns);
  Paths places = wordsOf(storage.sharedModules);
  for (const std::string &block : blocks)
    for (const std::string &shared : wordsOf(names.shared))
      places.push_back(join(block, shared));
  std::vector<Source> sources;
  for (const std::string &place : places) {
    size_t spellings = wordsOf(modules.back()).size();
    for (size_t spelling = 0; spelling < spellings; ++spelling) {
      Source source;
      for (NameList module : modules)
        source.push_back(pieceOf(
            place + "." + module[spelling] + end, hasColumns ? "r,c" : "r",
            axes, int64_t(source.size()) * axes.axis('s').stride));
      sources.push_back(std::move(source));
    }
    for (const std::string &module : wordsOf(together))
      sources.push_back({pieceOf(place + "." + module + end,
                                 hasColumns ? "sr,c" : "sr", axes, 0)});
  }
  return sources;
}

void OperandWriter::addSharedLinear(moelora_role role, moelora_role bias,
                                    bool hasBias,
                                    const std::vector<NameList> &modules,
                                    NameList together, const Shape &shape) {
  add(role, dtype, shape,
      sharedSources(modules, together, ".weight", true, shape));
  if (hasBias)
    add(bias, MOELORA_F32, withoutColumns(shape),
        sharedSources(modules, together, ".bias", false, shape));
}

void OperandWriter::addShared() {
  bool gated = layer.shared_activation.gated;
  addSharedLinear(MOELORA_SHARED_GATE_UP_WEIGHT, MOELORA_SHARED_GATE_UP_BIAS,
                  has(MOELORA_HAS_SHARED_GATE_UP_BIAS),
                  slices(names.shared_gate, names.shared_up, gated),
                  gated ? names.shared_gate_up : nullptr,
                  {1, gated ? 2 : 1, layer.shared, layer.hidden});
  addSharedLinear(MOELORA_SHARED_DOWN_WEIGHT, MOELORA_SHARED_DOWN_BIAS,
                  has(MOELORA_HAS_SHARED_DOWN_BIAS), {names.shared_down},
                  nullptr, {1, layer.hidden, layer.shared});
  if (layer.shared_score)
    addLinear(MOELORA_SHARED_SCORE_WEIGHT, {}, false, names.shared_score,
              {1, 1, layer.hidden}, dtype);
}

Operand OperandWriter::writeRouter() {
  addRouter();
  return std::move(operands.front());
}

std::vector<Operand> OperandWriter::write() {
  addRouter();
  addRouted();
  if (layer.latent > 0)
    addLatent();
  if (layer.shared > 0)
    addShared();
  std::sort(operands.begin(), operands.end(),
            [](const Operand &a, const Operand &b) { return a.role < b.role; });
  return std::move(operands);
}

} // namespace

int64_t Operand::elements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::vector<Operand> weightOperands(const Model &model, int layer) {
  return OperandWriter(model.layer(layer), model.family()).write();
}

Operand routerOperand(const Model &model, int layer) {
  return OperandWriter(model.layer(layer), model.family()).writeRouter();
}

const std::vector<std::string> &namePrefixes() {
  static const std::vector<std::string> prefixes = [] {
    std::vector<std::string> all;
    for (std::string_view word : modelWords)
      all.push_back(std::string(word) + ".");
    all.emplace_back();
    for (std::string_view outer : modelWords)
      for (std::string_view inner : modelWords)
        all.push_back(std::string(outer) + "." + std::string(inner) + ".");
    all.emplace_back("talker.model."); // a separate model next to another one
    return all;
  }();
  return prefixes;
}

} // namespace moelora::models
