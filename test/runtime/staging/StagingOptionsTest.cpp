/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Valid options of tables, and adapters that match them: every rule, and input
 * that breaks it. Element types of files.
 */
#include "Staged.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

using Options = moelora_slot_table_options;

std::string answerTo(const std::function<void(Options &)> &change,
                     moelora_status status = MOELORA_INVALID) {
  Options options = tableOptions(1);
  change(options);
  return failureOf([&] { moelora::PageFormat format(options); }, status);
}

} // namespace

TEST(StagingOptions, numbers) {
  EXPECT_EQ(answerTo([](Options &) {}), "");
  EXPECT_EQ(answerTo([](Options &o) { o.slots = 0; }),
            "expects slots to be from 1 to 65536, but it is 0");
  EXPECT_EQ(answerTo([](Options &o) { o.slots = 65537; }),
            "expects slots to be from 1 to 65536, but it is 65537");
  EXPECT_EQ(answerTo([](Options &o) { o.max_rank = 65537; }),
            "expects max_rank to be from 1 to 65536, but it is 65537");
  EXPECT_EQ(answerTo([](Options &o) { o.page_order = 3; }),
            "expects page_order to be row-major (1) or fragment-major (2), but "
            "it is 3");
}

TEST(StagingOptions, element_types) {
  for (int32_t dtype : {0, 4, 13, 16})
    EXPECT_EQ(answerTo([=](Options &o) { o.dtype = dtype; }),
              "expects dtype to be f32, f16 or bf16, but it is " +
                  std::to_string(dtype));
  auto fp8 = [](Options &o) { o.dtype = MOELORA_F8_E4M3; };
  EXPECT_EQ(answerTo(fp8, MOELORA_UNSUPPORTED),
            "expects dtype to be f32, f16 or bf16: pages of F8_E4M3 are not "
            "made yet");
  EXPECT_THAT(
      answerTo([](Options &o) { o.page_order = MOELORA_PAGE_FRAGMENT_MAJOR; }),
      HasSubstr("elements of 2 bytes, but dtype is f32"));
}

TEST(StagingOptions, lists) {
  static const int32_t twice[] = {2, 0, 2}, negative[] = {-1, 1, -1, -1};
  auto experts = [](const int32_t *list, int32_t count) {
    return [=](Options &o) {
      o.experts = list;
      o.expert_count = count;
    };
  };
  EXPECT_EQ(answerTo(experts(twice, 2)), "");
  EXPECT_EQ(answerTo(experts(twice, 3)),
            "expects experts to differ, but 2 is there twice");
  EXPECT_EQ(answerTo(experts(negative, 2)),
            "expects experts not to be negative, but for -1 behind all others, "
            "but one is -1");
  EXPECT_EQ(answerTo(experts(negative + 1, 3)), "");
  EXPECT_EQ(answerTo(experts(twice, 0)),
            "expects expert_count to be at least 1, but it is 0");
  EXPECT_EQ(answerTo([](Options &o) {
              o.layers = twice;
              o.layer_count = -1;
            }),
            "expects layer_count not to be negative, but it is -1");
}

TEST(StagingOptions, parts) {
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.intermediate = site.shared = 12;
  Target target(model);
  auto part = [&](int32_t rank, int32_t size) {
    return answerTo([&](Options &o) {
      o.target = target.get();
      o.tp_rank = rank;
      o.tp_size = size;
    });
  };
  EXPECT_EQ(part(0, 0), "");
  EXPECT_EQ(part(3, 4), "");
  EXPECT_EQ(part(0, -1), "expects tp_size not to be negative, but it is -1");
  EXPECT_EQ(part(4, 4), "expects tp_rank to be from 0 to tp_size - 1, but it "
                        "is 4 and tp_size is 4");
  EXPECT_EQ(part(1, 0), "expects tp_rank to be from 0 to tp_size - 1, but it "
                        "is 1 and tp_size is 0");
  EXPECT_EQ(part(-1, 2), "expects tp_rank to be from 0 to tp_size - 1, but it "
                         "is -1 and tp_size is 2");
}

/// The shared expert may be cut into more parts than the routed ones.
TEST(StagingOptions, shared_parts) {
  Model model;
  for (moelora_adapter_site &site : model.sites)
    site.intermediate = site.shared = 12;
  Target target(model);
  auto part = [&](int32_t rank, int32_t size) {
    return answerTo([&](Options &o) {
      o.target = target.get();
      o.tp_rank = 1;
      o.tp_size = 2;
      o.shared_rank = rank;
      o.shared_size = size;
    });
  };
  EXPECT_EQ(part(3, 4), "");
  EXPECT_EQ(part(0, 1), "");
  EXPECT_EQ(part(0, -1),
            "expects shared_size not to be negative, but it is -1");
  EXPECT_EQ(part(4, 4), "expects shared_rank to be from 0 to shared_size - 1, "
                        "but it is 4 and shared_size is 4");
  EXPECT_EQ(part(1, 0), "expects shared_rank to be from 0 to shared_size - 1, "
                        "but it is 1 and shared_size is 0");
  EXPECT_EQ(part(0, 8), "expects shared_size to divide the shared intermediate "
                        "size, but that of layer 0 is 12 and shared_size is 8");
}

TEST(StagingOptions, adapters_that_do_not_fit) {
  Folder folder;
  Opened opened = forms[0].open(folder, 20, MOELORA_F32);
  auto answer = [&](const std::function<void(Options &)> &change) {
    Options options = tableOptions(1);
    change(options);
    return failureOf([&] { Staged(opened, options); });
  };
  EXPECT_EQ(answer([](Options &o) { o.max_rank = 20; }), "");
  EXPECT_EQ(answer([](Options &o) { o.max_rank = 19; }),
            "expects the rank of every pair to be at most max_rank, but a pair "
            "of layer 0 has rank 20 and max_rank is 19");
  EXPECT_EQ(answer([](Options &o) { o.tp_size = 5; }),
            "expects tp_size to divide the intermediate size, but that of "
            "layer 0 is 12 and tp_size is 5");
  EXPECT_EQ(answer([](Options &o) { o.tp_size = 4; }),
            "expects tp_size to divide the shared intermediate size, but that "
            "of layer 0 is 6 and tp_size is 4");
  static const int32_t beyond[] = {0, 4};
  EXPECT_EQ(answer([](Options &o) {
              o.experts = beyond;
              o.expert_count = 2;
            }),
            "expects experts below the 4 of layer 0, but one is 4");
}

TEST(StagingOptions, no_layer_and_no_expert_in_common) {
  Folder folder;
  Opened opened = forms[0].open(folder, 2, MOELORA_F32);
  static const int32_t one[] = {1};
  Options options = tableOptions(1);
  options.experts = one; // which the adapter leaves alone
  options.expert_count = 1;
  Staged staged(opened, options);
  EXPECT_EQ(staged.pairs(0, MOELORA_UP), nullptr);
  EXPECT_NE(staged.pairs(0, MOELORA_ROUTER), nullptr);
  options.layers = one; // a dense layer
  options.layer_count = 1;
  Staged none(opened, options);
  EXPECT_EQ(none.pairs(0, MOELORA_ROUTER), nullptr);
  EXPECT_EQ(none.cost().page_bytes, 0u);
}

TEST(StagingOptions, files_of_f64_and_f16) {
  // Just above a tie of bf16: f32 in between would round it down.
  const std::vector<double> wide(8, 1 + 0x1p-8 + 0x1p-40);
  const std::vector<uint16_t> half(5, 0xbc01); // -(1 + 2^-10) in f16
  std::string module = inLayer(0, "mlp.experts.0.up_proj.lora_");
  std::string a = module + "A.weight", b = module + "B.weight";
  Folder folder;
  folder.write("adapter_config.json", config(1, 1));
  const moelora_tensor_data tensors[] = {
      {a.c_str(), MOELORA_F64, 2, {1, hidden}, wide.data()},
      {b.c_str(), MOELORA_F16, 2, {intermediate, 1}, half.data()}};
  ASSERT_EQ(
      moelora_safetensors_write((folder / "adapter_model.safetensors").c_str(),
                                tensors, 2, nullptr),
      MOELORA_OK);
  Opened opened = open(folder, Model());
  ASSERT_EQ(opened.status, MOELORA_OK) << opened.text;
  Staged staged(opened, tableOptions(1, MOELORA_BF16));
  const moelora_pair &pair = staged.pairs(0, MOELORA_UP)[0];
  auto element = [&](uint32_t pages, int64_t i) {
    return static_cast<const uint16_t *>(staged.image().at(pages))[i];
  };
  EXPECT_EQ(element(pair.a, 7), 0x3f81);
  EXPECT_EQ(element(pair.b, 4 * 16), 0xbf80);
}
