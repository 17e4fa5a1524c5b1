// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds routers whose weights are stored in another type than the layer's. They
// are kept in f32, which represents them exactly, because the choice of experts
// depends on their last bits.

#include "moelora/models/Weights.h"

#include <memory>

namespace moelora::models {

class RouterTypes {
public:
  RouterTypes(Model &model, const moelora_checkpoint *file)
      : model(model), file(file) {}

  void adopt(int number) {
    moelora_layer layer = model.layer(number);
    // A missing weight is reported when it is read.
    auto router = bindRouter(model, number, file);
    if (!router || router->storedType() == layer.dtype)
      return;
    layer.router_dtype = MOELORA_F32;
    model.descriptionOf[size_t(number)] = model.indexOf(layer);
  }

private:
  Model &model;
  const moelora_checkpoint *file;
};

void adoptRouterTypes(Model &model, const std::string &folder) {
  std::vector<int> open;
  for (int number : model.moeLayers())
    if (model.layer(number).router_dtype != MOELORA_F32)
      open.push_back(number);
  if (open.empty())
    return;
  // A model can be compiled without its weights.
  moelora_checkpoint *opened = nullptr;
  const char *place = folder.empty() ? "." : folder.c_str();
  if (moelora_checkpoint_open(place, &opened, nullptr) != MOELORA_OK)
    return;
  std::unique_ptr<moelora_checkpoint, decltype(&moelora_checkpoint_close)> file(
      opened, moelora_checkpoint_close);
  for (int number : open)
    RouterTypes(model, opened).adopt(number);
}

} // namespace moelora::models
