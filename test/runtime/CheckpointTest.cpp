/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Checkpoints: finding and reading tensors, and shards that an index ties
 * together.
 */
#include "Files.h"

#include <filesystem>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

struct Checkpoint {
  explicit Checkpoint(const std::string &path) {
    moelora_error *error = nullptr;
    status = moelora_checkpoint_open(path.c_str(), &opened, &error);
    text = moelora_error_text(error);
    moelora_error_free(error);
  }
  ~Checkpoint() { moelora_checkpoint_close(opened); }
  moelora_checkpoint *opened = nullptr;
  moelora_status status;
  std::string text;
};

void writeShard(const std::string &path, std::vector<const char *> names) {
  float data[3] = {-1, 2, 0.5};
  std::vector<moelora_tensor_data> all;
  for (const char *name : names)
    all.push_back({name, MOELORA_F32, 1, {3}, data});
  ASSERT_EQ(moelora_safetensors_write(path.c_str(), all.data(),
                                      static_cast<int64_t>(all.size()),
                                      nullptr),
            MOELORA_OK);
}

std::string indexOf(const std::string &map) {
  return R"({"metadata": {"total_size": 36}, "weight_map": {)" + map + "}}";
}

constexpr const char *indexName = "model.safetensors.index.json";

} // namespace

TEST(Checkpoint, finds_and_reads) {
  Folder folder;
  writeShard(folder / "model.safetensors", {"a", "b"});
  Checkpoint c(folder.path);
  ASSERT_EQ(c.status, MOELORA_OK) << c.text;
  EXPECT_EQ(moelora_checkpoint_count(c.opened), 2);
  int64_t b = moelora_checkpoint_find(c.opened, "b");
  ASSERT_GE(b, 0);
  EXPECT_EQ(moelora_checkpoint_find(c.opened, "c"), -1);
  moelora_tensor tensor = {};
  tensor.size = sizeof tensor;
  ASSERT_EQ(moelora_checkpoint_tensor(c.opened, b, &tensor), MOELORA_OK);
  EXPECT_STREQ(tensor.name, "b");
  EXPECT_EQ(tensor.shape[0], 3);
  EXPECT_EQ(tensor.bytes, 12u);
  float values[2];
  ASSERT_EQ(moelora_checkpoint_read_f32(c.opened, b, 1, 2, values, nullptr),
            MOELORA_OK);
  EXPECT_THAT(values, testing::ElementsAre(2, 0.5));
  EXPECT_EQ(moelora_checkpoint_read_f32(c.opened, b, 2, 2, values, nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(moelora_checkpoint_read(c.opened, b, 8, 5, values, nullptr),
            MOELORA_INVALID);
  EXPECT_EQ(
      moelora_checkpoint_read(c.opened, b, UINT64_MAX, 2, values, nullptr),
      MOELORA_INVALID);
  EXPECT_EQ(moelora_checkpoint_tensor(c.opened, 2, &tensor), MOELORA_INVALID);
  EXPECT_EQ(moelora_checkpoint_tensor(c.opened, -1, &tensor), MOELORA_INVALID);
}

TEST(Checkpoint, reads_as_f32) {
  Folder folder;
  uint16_t half = 0xc100, brain = 0xc020; // both -2.5
  double wide = -2.5;
  int32_t whole = -2;
  moelora_tensor_data all[] = {{"f16", MOELORA_F16, 1, {1}, &half},
                               {"bf16", MOELORA_BF16, 0, {}, &brain},
                               {"f64", MOELORA_F64, 2, {1, 1}, &wide},
                               {"i32", MOELORA_I32, 1, {1}, &whole}};
  moelora_safetensors_write((folder / "a").c_str(), all, 4, nullptr);
  Checkpoint c(folder / "a");
  ASSERT_EQ(c.status, MOELORA_OK) << c.text;
  for (const char *name : {"f16", "bf16", "f64"}) {
    float value = 0;
    int64_t index = moelora_checkpoint_find(c.opened, name);
    EXPECT_EQ(
        moelora_checkpoint_read_f32(c.opened, index, 0, 1, &value, nullptr),
        MOELORA_OK);
    EXPECT_EQ(value, -2.5f) << name;
  }
  float value;
  EXPECT_EQ(moelora_checkpoint_read_f32(
                c.opened, moelora_checkpoint_find(c.opened, "i32"), 0, 1,
                &value, nullptr),
            MOELORA_UNSUPPORTED);
}

TEST(Checkpoint, shards) {
  Folder folder;
  writeShard(folder / "one.safetensors", {"a", "b"});
  writeShard(folder / "two.safetensors", {"c"});
  auto answer = [&](const std::string &map) {
    folder.write(indexName, indexOf(map));
    return Checkpoint(folder.path).text;
  };
  std::string ab = R"("a": "one.safetensors", "b": "one.safetensors")";
  EXPECT_EQ(answer(ab + R"(, "c": "two.safetensors")"), "");
  EXPECT_THAT(answer(ab + R"(, "c": "one.safetensors")"),
              HasSubstr("expects 3 tensors in one.safetensors"));
  EXPECT_THAT(answer(ab + R"(, "d": "two.safetensors")"),
              HasSubstr("the index says nothing of it"));
  EXPECT_THAT(answer(R"("a": "one.safetensors", "c": "two.safetensors")"),
              HasSubstr("tensor 'b' is in one.safetensors"));
  EXPECT_THAT(answer(ab + R"(, "c": "three.safetensors")"),
              HasSubstr("cannot open"));
}

TEST(Checkpoint, index_names_no_paths) {
  Folder folder;
  writeShard(folder / "one.safetensors", {"a"});
  for (const char *shard : {"../x/one.safetensors", "/etc/passwd", "..", "",
                            "sub/one.safetensors", ".hidden", "a\\u0000b"}) {
    folder.write(indexName, indexOf(R"("a": ")" + std::string(shard) + "\""));
    EXPECT_THAT(Checkpoint(folder.path).text,
                HasSubstr("expects shards to be names of files beside it"))
        << shard;
  }
}

TEST(Checkpoint, malformed_index) {
  Folder folder;
  for (const char *index :
       {"", "7", R"({"weight_map": 7})", R"({"weight_map": {"a": 7}})",
        R"({"weight_map": {"a": {"b": "c"}}})", R"({"weight_map": ["a"]})",
        R"({"weight_map": {"a": "b", "a": "c"}})", "{}",
        R"({"weight_map": {}})", "{\"weight_map\""}) {
    folder.write(indexName, index);
    EXPECT_EQ(Checkpoint(folder.path).status, MOELORA_INVALID) << index;
  }
}

TEST(Checkpoint, not_there) {
  Folder folder;
  EXPECT_EQ(Checkpoint(folder / "nothing").status, MOELORA_IO);
  EXPECT_THAT(Checkpoint(folder.path).text, HasSubstr("there is none of them"));
  EXPECT_EQ(Checkpoint("/dev/null").status, MOELORA_IO);
}

TEST(Checkpoint, file_that_shrinks_is_an_error) {
  Folder folder;
  std::string path = folder / "a.safetensors";
  writeShard(path, {"a"});
  Checkpoint c(path);
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1);
  float values[3];
  moelora_error *error = nullptr;
  EXPECT_EQ(moelora_checkpoint_read_f32(c.opened, 0, 0, 3, values, &error),
            MOELORA_IO);
  EXPECT_THAT(moelora_error_text(error), HasSubstr("is truncated"));
  moelora_error_free(error);
}
