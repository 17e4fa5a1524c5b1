/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Determines the layout of the packed pairs in a file.
 */
#include "adapter/AdapterPacked.h"

#include "base/Failure.h"

#include <algorithm>

using namespace moelora;

namespace {

/// The layouts that the shapes of a pair allow: one, both, or an error.
struct Fit {
  bool natural, transposed;
};

Fit fitShapes(const AdapterSource &source, const Packed &packed) {
  const Tensor &a = source.tensor(packed.draft->a.tensor);
  const Tensor &b = source.tensor(packed.draft->b.tensor);
  int64_t ranks = packed.experts * packed.rank;
  for (int64_t found : {a.shape[0], b.shape[1]})
    if (found != ranks)
      fail("expects '" + packed.parameter +
           "' to have experts x rank = " + std::to_string(packed.experts) +
           " x " + std::to_string(packed.rank) + " = " + std::to_string(ranks) +
           " rows of lora_A and columns of lora_B, but their shapes are " +
           shapeText(a.shape.data(), 2) + " and " +
           shapeText(b.shape.data(), 2));
  Fit fit = {a.shape[1] == packed.in && b.shape[0] == packed.out,
             a.shape[1] == packed.out && b.shape[0] == packed.in};
  if (!fit.natural && !fit.transposed)
    fail("expects the shapes of '" + packed.parameter +
         "' to have the sizes in = " + std::to_string(packed.in) +
         " and out = " + std::to_string(packed.out) + ", but they are " +
         shapeText(a.shape.data(), 2) + " and " + shapeText(b.shape.data(), 2));
  return fit;
}

const char *layoutName(int32_t layout) {
  return layout == MOELORA_LAYOUT_NATURAL ? "natural" : "transposed";
}

/// The layout according to the version of the library that wrote the file, if
/// the shapes do not determine it.
moelora_adapter_layout layoutOfVersion(const AdapterConfig &config,
                                       int32_t rule) {
  if (!config.release)
    return MOELORA_LAYOUT_DECIDE;
  constexpr std::array<int, 3> marksRead = {0, 19, 0},
                               rolesSwapped = {0, 19, 1};
  if (rule == MOELORA_BLIND_OUT_IN)
    return *config.release < rolesSwapped ? MOELORA_LAYOUT_TRANSPOSED
                                          : MOELORA_LAYOUT_NATURAL;
  if (rule == MOELORA_BLIND_IN_OUT && *config.release < marksRead)
    return MOELORA_LAYOUT_NATURAL;
  return MOELORA_LAYOUT_DECIDE;
}

/// Decides for a file in which no shape determines the layout.
void decideBlind(const AdapterSource &source, const Packed &blind,
                 AdapterBinding &binding) {
  const std::string &version = source.config.peftVersion;
  std::string said = version.empty() ? "absent" : "'" + version + "'";
  binding.layout = layoutOfVersion(source.config,
                                   source.site(*blind.draft).names->blind_rule);
  if (binding.layout == MOELORA_LAYOUT_DECIDE)
    fail("ambiguous layout: the shapes of '" + blind.parameter +
         "' are natural and transposed alike, as in and out are both " +
         std::to_string(blind.in) + ", and peft_version, which is " + said +
         ", does not tell; state it with "
         "--adapter-layout=NAME=natural|transposed");
  binding.why = "peft_version is " + said + ", the shapes fit both";
}

void decideLayout(const AdapterSource &source, const std::vector<Packed> &all,
                  int32_t stated, AdapterBinding &binding) {
  const Packed *deciding = nullptr;
  for (const Packed &packed : all) {
    Fit fit = fitShapes(source, packed);
    if (fit.natural == fit.transposed)
      continue;
    auto layout =
        fit.natural ? MOELORA_LAYOUT_NATURAL : MOELORA_LAYOUT_TRANSPOSED;
    if (deciding && layout != binding.layout)
      fail("expects one layout in a file, but the shapes of '" +
           deciding->parameter + "' are " + layoutName(binding.layout) +
           " and those of '" + packed.parameter + "' are " +
           layoutName(layout));
    binding.layout = layout;
    deciding = deciding ? deciding : &packed;
  }
  if (deciding && stated != MOELORA_LAYOUT_DECIDE && stated != binding.layout)
    fail(std::string("the stated layout is ") + layoutName(stated) +
         ", but the shapes of '" + deciding->parameter + "' are " +
         layoutName(binding.layout));
  if (deciding) {
    binding.why = "the shapes of '" + deciding->parameter + "' fit no other";
  } else if (stated != MOELORA_LAYOUT_DECIDE) {
    binding.layout = static_cast<moelora_adapter_layout>(stated);
    binding.why = "stated by the caller, the shapes fit both";
  } else {
    decideBlind(source, all.front(), binding);
  }
}

/// Whether PEFT before 0.18, which states no version, packs the family like
/// this: lora_A had the parameter's first size after that of the experts.
bool isAsUnversioned(const AdapterSource &source, const Packed &packed,
                     moelora_adapter_layout layout) {
  const moelora_adapter_site &site = source.site(*packed.draft);
  return site.storage &
         (layout == MOELORA_LAYOUT_NATURAL ? MOELORA_STORED_IN_OUT
                                           : MOELORA_STORED_OUT_IN);
}

bool isOfPeft(const AdapterSource &source, const Packed &packed,
              moelora_adapter_layout layout) {
  auto writer = source.config.columns.writer;
  return writer == AdapterColumns::Peft ||
         (writer == AdapterColumns::Unknown &&
          isAsUnversioned(source, packed, layout));
}

void decideColumns(const AdapterSource &source, const std::vector<Packed> &all,
                   int32_t stated, AdapterBinding &binding) {
  const AdapterColumns &said = source.config.columns;
  if (stated && said.order && stated != said.order)
    fail(std::string("the stated columns are ") + columnsName(stated) +
         ", but lora_B_layout of the configuration is '" +
         columnsName(said.order) + "'");
  binding.columns =
      stated ? static_cast<moelora_adapter_columns>(stated) : said.order;
  if (binding.columns != MOELORA_COLUMNS_DECIDE)
    return;
  binding.columns = MOELORA_COLUMNS_RANK_MAJOR;
  for (const Packed &packed : all)
    if (packed.experts > 1 && packed.rank > 1 &&
        !isOfPeft(source, packed, binding.layout))
      fail("ambiguous columns: lora_B of '" + packed.parameter + "' has " +
           std::to_string(packed.experts) + " experts x rank " +
           std::to_string(packed.rank) +
           " columns, which PEFT orders by rank and other programs by expert, "
           "and " +
           (said.writer == AdapterColumns::Other
                ? "the configuration is of another program"
                : "no peft_version says that PEFT wrote it, which "
                  "would have packed this family otherwise") +
           "; state it with "
           "--adapter-columns=NAME=rank_major|grouped_by_expert");
}

} // namespace

void moelora::decidePacked(const AdapterSource &source,
                           const std::vector<Packed> &all,
                           const moelora_adapter_options &stated,
                           AdapterBinding &binding) {
  decideLayout(source, all, stated.layout, binding);
  decideColumns(source, all, stated.columns, binding);
}
