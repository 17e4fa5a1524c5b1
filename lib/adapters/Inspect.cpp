// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `inspect`: an adapter's configuration and its tensors. Tensors whose names
// differ only in numbers are counted together.
#include "moelora/adapters/Questions.h"

#include "moelora/runtime/AdapterFacts.h"
#include "moelora/runtime/Checkpoint.h"

#include <map>

using namespace moelora::host;

namespace moelora::adapters {

std::string withoutNumbers(const std::string &name) {
  std::string result;
  size_t begin = 0;
  while (begin <= name.size()) {
    size_t end = std::min(name.find('.', begin), name.size());
    std::string part = name.substr(begin, end - begin);
    bool number = !part.empty() &&
                  part.find_first_not_of("0123456789") == std::string::npos;
    result += (begin ? "." : "") + (number ? "*" : part);
    begin = end + 1;
  }
  return result;
}

static std::string shapeText(const moelora_tensor &tensor) {
  std::string text = "(";
  for (int32_t i = 0; i < tensor.dims; ++i)
    text += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return text + ")";
}

/// The forms in which the experts' pairs are stored, according to their names.
static Json formsOf(const std::map<std::string, Json> &groups) {
  Json forms = Json::array();
  auto add = [&](const char *form, std::initializer_list<const char *> parts) {
    for (const auto &[name, group] : groups)
      for (const char *part : parts)
        if (name.find(part) != std::string::npos)
          return forms.push_back(form);
  };
  add("per expert", {"experts.*."});
  add("packed", {"experts.lora_", "experts.base_layer.", "moe.input_linear.",
                 "moe.output_linear."});
  add("stacked", {"experts.gate", "experts.up", "experts.down", "experts.w"});
  return forms;
}

static Json configOf(const std::string &folder) {
  auto facts = sized<moelora_adapter_facts>();
  call(moelora_adapter_read_facts, folder.c_str(), &facts);
  return {{"rank", facts.rank},
          {"alpha", facts.alpha},
          {"scale", facts.scale},
          {"rank_stabilized", facts.rank_stabilized != 0},
          {"rank_patterns", facts.rank_patterns},
          {"alpha_patterns", facts.alpha_patterns},
          {"target_parameters", facts.target_parameters},
          {"peft_version", facts.peft_version}};
}

static std::map<std::string, Json>
groupTensors(const moelora_checkpoint *checkpoint) {
  std::map<std::string, Json> groups;
  for (int64_t i = 0; i < moelora_checkpoint_count(checkpoint); ++i) {
    auto tensor = sized<moelora_tensor>();
    moelora_checkpoint_tensor(checkpoint, i, &tensor);
    std::string name = withoutNumbers(tensor.name), shape = shapeText(tensor);
    const char *dtype = moelora_dtype_name(tensor.dtype);
    Json &group = groups[name + " " + dtype + " " + shape];
    if (group.is_null())
      group = {
          {"name", name}, {"dtype", dtype}, {"shape", shape}, {"tensors", 0}};
    group["tensors"] = group["tensors"].get<int64_t>() + 1;
  }
  return groups;
}

Json inspect(const std::string &folder) {
  Json report = {{"config", configOf(folder)}};
  CheckpointHandle checkpoint =
      openCheckpoint(folder + "/adapter_model.safetensors");
  std::map<std::string, Json> groups = groupTensors(checkpoint.get());
  report["forms"] = formsOf(groups);
  report["tensors"] = moelora_checkpoint_count(checkpoint.get());
  report["groups"] = Json::array();
  for (auto &[key, group] : groups)
    report["groups"].push_back(std::move(group));
  return report;
}

} // namespace moelora::adapters
