// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a model's config.json.

#include "Folder.h"
#include "moelora/models/AdapterTarget.h"
#include "moelora/models/Model.h"

using namespace moelora::fuzz;
using namespace moelora::models;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(Input(data, size).remaining());
  moelora::models::Result<Model> model = parseModel(text, "config.json");
  if (!model) {
    if (model.message().empty())
      __builtin_trap(); // refused without a word
    return 0;
  }
  if (!model->isMoe(model->firstMoeLayer()) || model->distinctLayers().empty())
    __builtin_trap();
  for (int layer : model->distinctLayers())
    if (model->layer(layer).router.top_k > model->layer(layer).router.experts)
      __builtin_trap();
  AdapterTarget target(*model);
  return 0;
}
