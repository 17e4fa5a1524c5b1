/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters in memory: the same as those of files, and as strictly checked.
 */
#include "Memory.h"

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

const std::string settings =
    config(2, 3, R"("target_parameters": ["gate_up_proj", "down_proj"])");

/// Packed pairs in layer 0, plain and stacked ones in layer 2, a router, and a
/// tensor of attention.
Tensors manyForms() {
  const std::string outer = inLayer(0, "mlp.experts");
  Tensors tensors;
  addPair(tensors, outer + ".base_layer", experts * 2, hidden, 2 * intermediate,
          5);
  addPair(tensors, outer, experts * 2, intermediate, hidden, 6);
  addPair(tensors, inLayer(2, "mlp.experts.1.up_proj"), 2, hidden, intermediate,
          7);
  addPair(tensors, inLayer(2, "mlp.gate"), 2, hidden, experts, 8);
  addPair(tensors, inLayer(1, "self_attn.q_proj"), 2, hidden, hidden, 9);
  std::string stack = inLayer(2, "mlp.experts.w2");
  tensors[stack + ".lora_A.weight"] = randomStack(experts, 2, intermediate, 10);
  tensors[stack + ".lora_B.weight"] = randomStack(experts, hidden, 2, 11);
  return tensors;
}

void expectSame(const Opened &left, const Opened &right) {
  for (int layer = 0; layer < 3; ++layer)
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (int e = 0; e < (p <= MOELORA_DOWN ? experts : 1); ++e) {
        Pair one = readPair(left.get(), layer, p, e);
        Pair other = readPair(right.get(), layer, p, e);
        EXPECT_EQ(one.info.rank, other.info.rank) << layer << p << e;
        EXPECT_EQ(one.info.scale, other.info.scale);
        EXPECT_EQ(one.info.shares_a, other.info.shares_a);
        EXPECT_EQ(one.a.data, other.a.data);
        EXPECT_EQ(one.b.data, other.b.data);
      }
}

/// The result for valid tensors of which one was changed.
Opened answerTo(const std::function<void(moelora_tensor_data &)> &change) {
  Tensors tensors = manyForms();
  std::vector<moelora_tensor_data> all = describe(tensors);
  change(all[3]);
  return openMemory(settings, all);
}

} // namespace

TEST(AdapterMemory, same_as_files) {
  Folder folder;
  Tensors tensors = manyForms();
  writeAdapter(folder, settings, tensors);
  Opened filed = open(folder, Model());
  Opened held = openMemory(settings, describe(tensors));
  ASSERT_EQ(filed.status, MOELORA_OK) << filed.text;
  ASSERT_EQ(held.status, MOELORA_OK) << held.text;
  expectSame(filed, held);
  moelora_adapter_summary summary = {};
  summary.size = sizeof summary;
  moelora_adapter_summarize(held.get(), &summary);
  EXPECT_EQ(summary.tensors, 12);
  EXPECT_EQ(summary.bound, 10);
  EXPECT_EQ(summary.elsewhere, 2);
  EXPECT_EQ(summary.layers, 2);
  EXPECT_EQ(moelora_adapter_elsewhere(held.get(), 1),
            inLayer(1, "self_attn.q_proj.lora_B.weight"));
  EXPECT_EQ(readPair(held.get(), 0, MOELORA_UP, 2).info.rank, 2);
}

TEST(AdapterMemory, order_does_not_matter) {
  Tensors tensors = manyForms();
  std::vector<moelora_tensor_data> all = describe(tensors), other = all;
  std::reverse(other.begin(), other.end());
  expectSame(openMemory(settings, all), openMemory(settings, other));
}

TEST(AdapterMemory, only_data_is_borrowed) {
  Tensors tensors;
  std::string module = inLayer(2, "mlp.experts.1.up_proj");
  addPair(tensors, module, 2, hidden, intermediate, 7);
  Matrix &a = tensors[module + ".lora_A.weight"];
  Opened opened;
  {
    // Copies of the names, of the shapes and of the text, which go away.
    std::vector<moelora_tensor_data> all = describe(tensors);
    std::vector<std::string> names;
    for (moelora_tensor_data &tensor : all)
      names.push_back(tensor.name);
    for (size_t i = 0; i < all.size(); ++i)
      all[i].name = names[i].c_str();
    opened = openMemory(config(2, 3), all);
    ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  }
  EXPECT_EQ(readPair(opened.get(), 2, MOELORA_UP, 1).a.data, a.data);
  a.data[5] = -7;
  EXPECT_EQ(readPair(opened.get(), 2, MOELORA_UP, 1).a.data[5], -7);
}

TEST(AdapterMemory, tensors_are_checked) {
  using Data = moelora_tensor_data;
  const std::string present = inLayer(0, "mlp.experts.lora_A.weight");
  const std::string endless(1025, 'x');
  struct {
    std::function<void(Data &)> change;
    const char *text;
  } const cases[] = {
      {[](Data &d) { d.name = nullptr; }, "expects a name"},
      {[](Data &d) { d.name = ""; }, "expects a name"},
      {[&](Data &d) { d.name = endless.c_str(); }, "expects a name"},
      {[](Data &d) { d.name = "a\nb"; }, "without control characters"},
      {[&](Data &d) { d.name = present.c_str(); }, "expects names to differ"},
      {[](Data &d) { d.dtype = 0; }, "a dtype"},
      {[](Data &d) { d.dtype = 99; }, "a dtype"},
      {[](Data &d) { d.dtype = MOELORA_I32; }, "to have the dtype F32"},
      {[](Data &d) { d.dims = 9; }, "at most 8 dimensions"},
      {[](Data &d) { d.dims = -1; }, "at most 8 dimensions"},
      {[](Data &d) { d.dims = 1; }, "to have 2 dimensions"},
      {[](Data &d) { d.shape[0] = -4; }, "too many elements"},
      {[](Data &d) { d.shape[0] = INT64_MAX; }, "too many elements"},
      {[](Data &d) { d.shape[0] = INT64_MAX / 64; },
       "to have the sizes in = 5"},
      {[](Data &d) { d.shape[0] = 1; }, "to have the sizes in = 5"},
      {[](Data &d) { d.data = nullptr; }, "to have data"}};
  for (const auto &c : cases) {
    Opened opened = answerTo(c.change);
    EXPECT_EQ(opened.status, MOELORA_INVALID) << c.text;
    EXPECT_EQ(opened.get(), nullptr);
    EXPECT_THAT(opened.text, HasSubstr(c.text));
  }
}

TEST(AdapterMemory, more_bytes_than_can_be_counted) {
  Tensors tensors = manyForms();
  std::vector<moelora_tensor_data> all = describe(tensors);
  for (moelora_tensor_data &tensor : all)
    tensor.shape[0] = INT64_MAX / 64; // times 4 bytes; each of them is legal
  for (moelora_tensor_data &tensor : all)
    tensor.shape[1] = 8;
  EXPECT_THAT(openMemory(settings, all).text,
              HasSubstr("more bytes than can be counted"));
}

TEST(AdapterMemory, configuration_is_checked) {
  Tensors tensors = manyForms();
  std::vector<moelora_tensor_data> all = describe(tensors);
  Opened broken = openMemory("{\"r\": ", all);
  EXPECT_EQ(broken.status, MOELORA_INVALID);
  EXPECT_THAT(broken.text, HasSubstr("adapter_config.json"));
  EXPECT_THAT(openMemory(config(2, 3, R"("use_dora": true)"), all).text,
              HasSubstr("adapter_config.json: expects no use_dora"));
  std::string blanks(17 << 20, ' ');
  EXPECT_THAT(openMemory(settings + blanks, all).text,
              HasSubstr("to have at most 16777216 bytes"));
}

TEST(AdapterMemory, arguments_are_checked) {
  EXPECT_THAT(openMemory(settings, {}).text, HasSubstr("nothing in the"));
  Tensors tensors = manyForms();
  std::vector<moelora_tensor_data> all = describe(tensors);
  EXPECT_THAT(openMemory(settings, all, Model(), 3).text,
              HasSubstr("expects the layout to be from 0 to 2, but it is 3"));
  Model model;
  moelora_adapter_target target = model.target();
  moelora_adapter *none = nullptr;
  auto status = [&](const char *text, const moelora_tensor_data *tensor,
                    int64_t count, const moelora_adapter_target *to) {
    return moelora_adapter_open_memory(text, tensor, count, to, nullptr, &none,
                                       nullptr);
  };
  const char *text = settings.c_str();
  EXPECT_EQ(status(nullptr, all.data(), 2, &target), MOELORA_INVALID);
  EXPECT_EQ(status(text, nullptr, 2, &target), MOELORA_INVALID);
  EXPECT_EQ(status(text, all.data(), -1, &target), MOELORA_INVALID);
  EXPECT_EQ(status(text, all.data(), 2, nullptr), MOELORA_INVALID);
  EXPECT_EQ(none, nullptr);
}
