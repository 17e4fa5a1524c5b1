/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Names that lie, and tensors that are missing or too many.
 */
#include "Kinds.h"

namespace moelora::test {

static bool replace(std::string &text, const std::string &from,
                    const std::string &to) {
  size_t at = text.find(from);
  if (at != std::string::npos)
    text.replace(at, from.size(), to);
  return at != std::string::npos;
}

/// Renames the first tensor, from a random one on, that can be.
static bool rename(Draft &draft, Random &random, const std::string &from,
                   const std::string &to) {
  size_t count = draft.entries.size(), first = below(random, count);
  for (size_t i = 0; i < count; ++i)
    if (replace(draft.entries[(first + i) % count].name, from, to))
      return true;
  return false;
}

/// Adds a tensor of random values outside of a MoE block.
static bool addToBlock(Draft &draft, const std::string &name) {
  draft.add(inLayer(0, name), {draft.recipe.rank, draft.recipe.sizes.hidden});
  return true;
}

/// The same pair again, under another name of the block and the projection.
static bool addOtherSpelling(Draft &draft, Random &) {
  const Sizes &s = draft.recipe.sizes;
  int64_t rank = draft.recipe.rank;
  if (draft.recipe.form != Form::Plain && draft.recipe.form != Form::AllLinear)
    return false;
  std::string module = inLayer(2, "block_sparse_moe.experts.1.w1.lora_");
  draft.add(module + "A.weight", {rank, s.hidden});
  draft.add(module + "B.weight", {s.intermediate, rank});
  return true;
}

static bool renameAll(Draft &draft, Random &) {
  for (Entry &entry : draft.entries)
    replace(entry.name, ".mlp.", ".self_attn.");
  return true;
}

static const std::vector<Kind> kinds = {
    {"duplicate name", MOELORA_INVALID, "duplicate key",
     [](Draft &d, Random &r) {
       size_t i = below(r, d.entries.size());
       std::string name = d.entries[(i + 1) % d.entries.size()].name;
       d.entries[i].name = name;
       return true;
     }},
    {"duplicate name, escaped", MOELORA_INVALID, "duplicate key",
     [](Draft &d, Random &r) {
       size_t i = below(r, d.entries.size());
       std::string name = d.entries[(i + 1) % d.entries.size()].name;
       d.entries[i].name = name;
       return replace(d.entries[i].name, "lora", "\\u006cora");
     }},
    {"empty name", MOELORA_INVALID, "expects names of 1 to",
     [](Draft &d, Random &r) { return d.pick(r).name.clear(), true; }},
    {"endless name", MOELORA_INVALID, "expects names of 1 to",
     [](Draft &d, Random &r) {
       d.pick(r).name += std::string(1000 + below(r, 100000), 'x');
       return true;
     }},
    {"name as a path", MOELORA_INVALID, "expects names to begin with",
     [](Draft &d, Random &r) {
       d.pick(r).name = oneOf(r, {"../../etc/passwd", "/etc/passwd",
                                  "..\\\\..\\\\x", "file:///etc/passwd"});
       return true;
     }},
    {"name without its prefix", MOELORA_INVALID, "expects names to begin with",
     [](Draft &d, Random &r) { return rename(d, r, "base_model.model.", ""); }},
    {"half of a pair missing", MOELORA_INVALID,
     "expects lora_A and lora_B in pairs",
     [](Draft &d, Random &r) {
       const Entry &gone = d.pick(r);
       d.remove(static_cast<size_t>(&gone - d.entries.data()));
       return true;
     }},
    {"expert out of range", MOELORA_INVALID, "expects experts below 3",
     [](Draft &d, Random &r) {
       return rename(d, r, "experts." + std::to_string(below(r, 3)) + ".",
                     "experts." + std::to_string(3 + below(r, 99999)) + ".");
     }},
    {"expert number of another form", MOELORA_INVALID, "that takes adapters",
     [](Draft &d, Random &r) {
       return rename(d, r, "experts.1.",
                     oneOf(r, {"experts.-1.", "experts.01.", "experts.1e0.",
                               "experts.9999999999.", "experts.+1.",
                               "experts..", "experts.*."}));
     }},
    {"expert under another spelling", MOELORA_INVALID,
     "is the second one for its place", addOtherSpelling},
    {"layer out of range", MOELORA_INVALID, "expects layers below 3",
     [](Draft &d, Random &r) {
       return rename(d, r, "layers.2.",
                     "layers." + std::to_string(3 + below(r, 99999)) + ".");
     }},
    {"layer without experts", MOELORA_INVALID, "layer 1 has no experts",
     [](Draft &d, Random &r) {
       return rename(d, r, "layers.0.mlp.experts", "layers.1.mlp.experts");
     }},
    {"unknown module", MOELORA_INVALID, "that takes adapters",
     [](Draft &d, Random &r) {
       return rename(d, r, ".mlp.", ".mlp.surprise.");
     }},
    {"unknown part of a pair", MOELORA_INVALID,
     "expects lora_A.weight or lora_B.weight",
     [](Draft &d, Random &) {
       return addToBlock(d, "mlp.experts.0.up_proj.lora_C.weight");
     }},
    {"magnitudes of another method", MOELORA_INVALID, "use_dora",
     [](Draft &d, Random &) {
       return addToBlock(d,
                         "mlp.experts.0.up_proj.lora_magnitude_vector.weight");
     }},
    {"bias in the block", MOELORA_INVALID, "a bias is not part of a pair",
     [](Draft &d, Random &) { return addToBlock(d, "mlp.gate.bias"); }},
    {"replaced weight", MOELORA_INVALID, "it replaces a weight",
     [](Draft &d, Random &) { return addToBlock(d, "mlp.gate.weight"); }},
    {"nothing that binds", MOELORA_INVALID, "nothing in the adapter binds",
     renameAll},
    {"no tensors", MOELORA_INVALID, "nothing in the adapter binds",
     [](Draft &d, Random &) {
       d.entries.clear();
       d.data.clear();
       return true;
     }},
    {"other parts beside", MOELORA_OK, "",
     [](Draft &d, Random &) {
       return addToBlock(d, "self_attn.k_proj.lora_A.weight");
     }},
};

const std::vector<Kind> &nameKinds() { return kinds; }

} // namespace moelora::test
