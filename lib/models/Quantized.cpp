// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recognises quantised models in configs and checkpoints.

#include "Quantized.h"

namespace moelora::models {

namespace {

constexpr const char *expected =
    "expects weights in bfloat16, float16 or float32, but ";

/// The name of a tensor that only a quantised checkpoint has, next to a weight.
struct Mark {
  const char *suffix;
  const char *method;
};

/// A suffix after a name with ".weight".
constexpr Mark tensorMarks[] = {
    {"_blocks", "mxfp4"},        {"_scales", "mxfp4"},
    {"_scale_inv", "fp8"},       {"_packed", "compressed-tensors"},
    {"_scale_2", "modelopt"},    {"_scale", "compressed-tensors or modelopt"},
    {".absmax", "bitsandbytes"},
};

/// A suffix after the module's name.
constexpr Mark moduleMarks[] = {
    {".scale", "fp8 or fp4"},
    {".qweight", "gptq or awq"},
};

std::string withoutEnd(const std::string &name, const std::string &end) {
  bool ends = name.size() > end.size() &&
              name.compare(name.size() - end.size(), end.size(), end) == 0;
  return ends ? name.substr(0, name.size() - end.size()) : name;
}

} // namespace

void refuseQuantized(Config &config) {
  for (const char *key :
       {"quantization_config", "compression_config", "quantization"}) {
    const nlohmann::json *value = config.find({key});
    if (!value || value->empty() || *value == false)
      continue;
    bool named = value->is_object() && value->contains("quant_method");
    config.fail(std::string(expected) + key +
                (named
                     ? " states quant_method " + show((*value)["quant_method"])
                     : " is " + show(*value)));
  }
  const nlohmann::json *type = config.find({"expert_dtype"});
  if (type && *type != "bfloat16" && *type != "float16" && *type != "float32")
    config.fail(std::string(expected) + "expert_dtype is " + show(*type));
}

std::string quantizedTensor(const moelora_checkpoint *file,
                            const std::string &name) {
  auto find = [&](const std::string &path, const auto &marks) {
    for (const Mark &mark : marks) {
      std::string beside = path + mark.suffix;
      if (moelora_checkpoint_find(file, beside.c_str()) >= 0)
        return expected + beside + " tells of " + mark.method;
    }
    return std::string();
  };
  std::string text = find(name, tensorMarks);
  return text.empty() ? find(withoutEnd(name, ".weight"), moduleMarks) : text;
}

} // namespace moelora::models
