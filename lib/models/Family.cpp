// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Families by name: rows, other names of rows, and types that cannot be
// imported.

#include "FamilyTables.h"

#include <algorithm>

namespace moelora::models {

namespace {

constexpr Alias aliases[] = {
    {"bailing_moe", "bailing_moe_v2", "BailingMoeV2ForCausalLM"},
    {"deepseek_ocr2", "deepseek_v2"},
    {"deepseek_ocr2_text", "deepseek_v2"},
    {"deepseek_v32", "deepseek_v3"},
    {"diffusion_gemma_text", "diffusion_gemma"},
    {"dots3_note_text", "dots3_note"},
    {"flex_olmo", "olmoe"},
    {"gemma4_text", "gemma4"},
    {"glm4v_moe", "glm4_moe"},
    {"glm4v_moe_text", "glm4_moe"},
    {"glm5_next_text", "glm5_next"},
    {"hunyuan", "hunyuan_v1_moe", "HunYuanMoEV1ForCausalLM"},
    {"hy_v4_vl", "hy_v4"},
    {"hy_v4_vl_text", "hy_v4"},
    {"inkling2_loop", "inkling2"},
    {"inkling2_loop_text", "inkling2"},
    {"inkling2_text", "inkling2"},
    {"inkling_text", "inkling_mm_model"},
    {"inkling", "inkling_mm_model"},
    {"aria_text", "aria"},
    {"kimi_k2", "deepseek_v3"},
    {"kimi_k25", "deepseek_v3"},
    {"llama4_text", "llama4"},
    {"minimax_m3_vl_text", "minimax_m3_vl"},
    {"mistral_large4_text", "mistral_large4"},
    {"qwen3_5_moe_text", "qwen3_5_moe"},
    {"qwen3_omni_moe_text", "qwen3_omni_moe"},
    {"qwen3_omni_moe_thinker", "qwen3_omni_moe"},
    {"qwen3_vl_moe_text", "qwen3_vl_moe"},
    {"qwen4_exp_text", "qwen4_exp"},
    {"step3p5", "step3p7"},
    {"unlimited_ocr_text", "unlimited_ocr"},
};

constexpr Refusal refusals[] = {
    {"doge", "its experts, if is_moe is true, are retrieved by product keys"},
    {"dots3_note_vision_encoder", "its experts are of the vision part"},
    {"ernie4_5_vl_moe", "it has a set of experts for each modality"},
    {"ernie4_5_vl_moe_text", "it has a set of experts for each modality"},
    {"hunyuan", "it is of several kinds, of which only "
                "HunYuanMoEV1ForCausalLM is known"},
    {"jetmoe", "a bias is added to the sum of its experts' outputs, and its "
               "attention has experts too"},
    {"muse_spark", "the output of each expert is normalised by itself"},
    {"muse_spark_text", "the output of each expert is normalised by itself"},
    {"nemotron_h_puzzle", "its layers are described one by one"},
    {"nllb-moe", "it drops tokens beyond an expert's capacity"},
    {"nllb_moe", "it drops tokens beyond an expert's capacity"},
    {"phimoe", "its sparsemixer takes a softmax for each choice"},
    {"switch_transformers", "it drops tokens beyond an expert's capacity"},
    {"vitpose", "the data set of an image chooses the expert"},
    {"vitpose_backbone", "the data set of an image chooses the expert"},
    {"zaya", "its router carries a state from layer to layer"},
};

std::string_view rowOf(std::string_view modelType, std::string_view className) {
  for (const Alias &alias : aliases)
    if (modelType == alias.modelType &&
        (!alias.onlyClass || className == alias.onlyClass))
      return alias.row;
  return modelType;
}

} // namespace

std::span<const Alias> familyAliases() { return aliases; }

std::span<const Refusal> familyRefusals() { return refusals; }

std::vector<std::string> familyNames() {
  std::vector<std::string> names;
  for (auto rows :
       {softmaxFamilies(), topKFamilies(), noAuxFamilies(), sigmoidFamilies()})
    for (const Family &family : rows)
      names.push_back(family.modelType);
  for (const Alias &alias : aliases)
    names.push_back(alias.modelType);
  std::sort(names.begin(), names.end());
  // The models of one class may have another row than the rest of their type.
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

const Family *findFamily(const std::string &modelType,
                         const std::string &className) {
  std::string_view row = rowOf(modelType, className);
  for (auto rows :
       {softmaxFamilies(), topKFamilies(), noAuxFamilies(), sigmoidFamilies()})
    for (const Family &family : rows)
      if (row == family.modelType)
        return &family;
  return nullptr;
}

std::vector<std::string> knownNames() {
  std::vector<std::string> names = familyNames();
  for (const Refusal &refusal : refusals)
    names.push_back(refusal.modelType);
  return names;
}

const char *whyRefused(const std::string &modelType) {
  for (const Refusal &refusal : refusals)
    if (modelType == refusal.modelType)
      return refusal.why;
  return nullptr;
}

} // namespace moelora::models
