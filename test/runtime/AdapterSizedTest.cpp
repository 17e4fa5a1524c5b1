/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Targets of older and newer callers, and layers that predict further tokens.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

/// A site as a later version may have it.
struct LaterSite {
  moelora_adapter_site known;
  int64_t later;
};

/// The result of opening an adapter of layers 0 and 2 for this target.
std::string answerTo(const moelora_adapter_target &target) {
  Folder folder;
  Tensors tensors;
  for (int layer : {0, 2})
    addPair(tensors, inLayer(layer, "mlp.experts.1.up_proj"), 2, hidden,
            intermediate);
  writeAdapter(folder, config(2, 3), tensors);
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  moelora_adapter_open(folder.path.c_str(), &target, nullptr, &adapter, &error);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  for (int layer : {0, 2})
    if (adapter)
      EXPECT_EQ(readPair(adapter, layer, MOELORA_UP, 1).info.rank, 2);
  moelora_adapter_close(adapter);
  return text;
}

} // namespace

TEST(AdapterSized, newer_callers) {
  Model model;
  LaterSite sites[2] = {};
  for (size_t i = 0; i < 2; ++i) {
    sites[i].known = model.sites[i];
    sites[i].known.size = sizeof sites[i];
  }
  moelora_adapter_target target = model.target();
  target.site = &sites[0].known;
  EXPECT_EQ(answerTo(target), "");
  sites[1].later = 1;
  EXPECT_THAT(answerTo(target), HasSubstr("expects zeros in a site behind"));
}

TEST(AdapterSized, sizes_that_are_none) {
  Model model;
  moelora_adapter_target target = model.target();
  target.size = 0;
  EXPECT_THAT(answerTo(target), HasSubstr("expects the size of a target"));
  target = model.target();
  model.sites[1].size += 8;
  EXPECT_THAT(answerTo(target), HasSubstr("structs of one size"));
  model.sites[0].size = model.sites[1].size = 8;
  EXPECT_THAT(answerTo(target), HasSubstr("expects the size of a site"));
}

TEST(AdapterSized, prediction_layers_are_another_part) {
  Folder folder;
  Tensors tensors;
  addPair(tensors, inLayer(0, "mlp.experts.1.up_proj"), 2, hidden,
          intermediate);
  addPair(tensors, inLayer(3, "mlp.experts.1.up_proj"), 9, 9, 9);
  addPair(tensors, inLayer(4, "eh_proj"), 9, 9, 9);
  writeAdapter(folder, config(2, 3), tensors);
  Model model;
  moelora_adapter_target target = model.target();
  moelora_adapter *adapter = nullptr;
  moelora_error *error = nullptr;
  target.prediction_layers = 1;
  moelora_adapter_open(folder.path.c_str(), &target, nullptr, &adapter, &error);
  EXPECT_THAT(moelora_error_text(error),
              HasSubstr("expects layers below 3 and 1 of prediction behind "
                        "them, but it is of layer 4"));
  moelora_error_free(error);
  target.prediction_layers = 2;
  ASSERT_EQ(moelora_adapter_open(folder.path.c_str(), &target, nullptr,
                                 &adapter, nullptr),
            MOELORA_OK);
  EXPECT_THAT(moelora_adapter_elsewhere(adapter, 3), HasSubstr("layers.4."));
  EXPECT_EQ(moelora_adapter_elsewhere(adapter, 4), nullptr);
  moelora_adapter_close(adapter);
  for (int32_t layers : {-1, 1 << 17}) {
    target.prediction_layers = layers;
    EXPECT_NE(answerTo(target), "");
  }
}
