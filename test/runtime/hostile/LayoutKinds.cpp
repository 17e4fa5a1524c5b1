/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Packed pairs whose parameter or layout cannot be determined.
 */
#include "Kinds.h"

namespace moelora::test {

static bool isPacked(const Draft &draft) {
  return draft.recipe.form == Form::Natural ||
         draft.recipe.form == Form::Transposed;
}

/// A packed pair alone, in a model where its sizes are the same both ways.
static bool blind(Draft &draft, Random &random) {
  if (!isPacked(draft))
    return false;
  Recipe recipe = draft.recipe;
  recipe.sizes.hidden = 2 * recipe.sizes.intermediate;
  Draft all(recipe);
  for (size_t i = all.entries.size(); i-- > 0;)
    if (all.entries[i].name.find("base_layer") == std::string::npos)
      all.remove(i);
  for (Entry &entry : all.entries)
    entry.name.erase(entry.name.find(".base_layer"),
                     std::string(".base_layer").size());
  all.set("target_parameters", R"(["gate_up_proj"])");
  // Not a release whose layout is known.
  std::string version =
      oneOf<std::string>(random, {"null", "\"\"", "\"0.19.1.dev0\"", "\"0.19\"",
                                  "\"newest\"", "7"});
  all.set("peft_version", version);
  draft = all;
  return true;
}

/// Half of the file in each layout.
static bool twoLayouts(Draft &draft, Random &) {
  if (!isPacked(draft))
    return false;
  const Sizes &s = draft.recipe.sizes;
  bool natural = draft.recipe.form == Form::Natural;
  for (Entry &entry : draft.entries)
    if (entry.name.find("base_layer") ==
        std::string::npos) { // the down projection
      bool takesIn =
          (entry.name.find("lora_A") != std::string::npos) == natural;
      int64_t other = takesIn ? s.hidden : s.intermediate;
      size_t at = entry.name.find("lora_A") != std::string::npos ? 1 : 0;
      entry.shape[at] = other;
    }
  uint64_t end = 0;
  std::string data;
  for (Entry &entry : draft.entries) { // bytes for the new sizes
    uint64_t element = entry.dtype == "F32" ? 4 : 2;
    uint64_t bytes =
        static_cast<uint64_t>(entry.shape[0] * entry.shape[1]) * element;
    entry.begin = end;
    entry.end = end += bytes;
    data += std::string(bytes, '\x3c');
  }
  draft.data = data;
  return true;
}

static bool lieAboutTargets(Draft &draft, Random &random) {
  if (!isPacked(draft))
    return false;
  draft.set("target_parameters",
            oneOf<std::string>(random, {R"(["gate_up_proj"])",
                                        R"(["down_proj"])", R"(["other"])",
                                        R"(["down_proj", "gate_up_proj_bias"])",
                                        R"(["layers.0.mlp.experts.down_proj",
                                      "layers.2.mlp.experts.gate_up_proj"])"}));
  return true;
}

static const std::vector<Kind> kinds = {
    {"targets that lie", MOELORA_INVALID, "expects target_parameters to name",
     lieAboutTargets},
    {"ambiguous layout", MOELORA_INVALID, "ambiguous layout", blind},
    {"two layouts in a file", MOELORA_INVALID, "expects one layout in a file",
     twoLayouts},
};

const std::vector<Kind> &layoutKinds() { return kinds; }

} // namespace moelora::test
