/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Headers of safetensors files: every rule with a file that breaks it, and
 * writing that leaves nothing behind when it fails.
 */
#include "Files.h"

#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>

using namespace moelora::test;
using testing::HasSubstr;

namespace {

std::string fileOf(const std::string &header, size_t data) {
  uint64_t length = header.size();
  std::string prefix(sizeof length, '\0');
  std::memcpy(prefix.data(), &length, sizeof length);
  return prefix + header + std::string(data, 'x');
}

/// "" when the file opens.
std::string answerToFile(const std::string &content) {
  Folder folder;
  folder.write("a.safetensors", content);
  moelora_checkpoint *checkpoint = nullptr;
  moelora_error *error = nullptr;
  moelora_checkpoint_open((folder / "a.safetensors").c_str(), &checkpoint,
                          &error);
  std::string text = moelora_error_text(error);
  moelora_error_free(error);
  moelora_checkpoint_close(checkpoint);
  return text;
}

std::string answerTo(const std::string &header, size_t data = 8) {
  return answerToFile(fileOf(header, data));
}

std::string tensor(const std::string &dtype, const std::string &shape,
                   const std::string &offsets) {
  return R"({"dtype":")" + dtype + R"(","shape":[)" + shape +
         R"(],"data_offsets":[)" + offsets + "]}";
}

} // namespace

TEST(Safetensors, well_formed) {
  EXPECT_EQ(answerTo("{}", 0), "");
  EXPECT_EQ(answerTo("{\"a\":" + tensor("F32", "2", "0,8") + "}"), "");
  EXPECT_EQ(answerTo("{\"a\":" + tensor("F64", "", "0,8") + "}"), "");
  EXPECT_EQ(answerTo("{\"__metadata__\":{\"format\":\"pt\"},\"a\":" +
                     tensor("U8", "2,2", "4,8") +
                     ",\"b\":" + tensor("BF16", "1,2", "0,4") +
                     ",\"c\":" + tensor("F16", "0,7", "4,4") + "}  "),
            "");
}

TEST(Safetensors, offsets) {
  auto two = [](const std::string &first, const std::string &second) {
    return answerTo("{\"a\":" + tensor("F32", "1", first) +
                    ",\"b\":" + tensor("F32", "1", second) + "}");
  };
  EXPECT_EQ(two("4,8", "0,4"), "");
  EXPECT_THAT(two("0,4", "2,6"), HasSubstr("overlaps its predecessor"));
  EXPECT_THAT(two("0,4", "0,4"), HasSubstr("overlaps its predecessor"));
  EXPECT_THAT(two("0,4", "5,9"), HasSubstr("leaves a hole"));
  EXPECT_THAT(two("2,6", "6,10"), HasSubstr("leaves a hole"));
  EXPECT_THAT(two("0,4", "4,6"), HasSubstr("expects data_offsets to span"));
  EXPECT_THAT(two("0,4", "8,4"), HasSubstr("expects data_offsets to span"));
  EXPECT_THAT(two("0,4", "4"), HasSubstr("expects data_offsets to have 2"));
  EXPECT_THAT(two("0,4", "4,8,9"), HasSubstr("expects data_offsets to have 2"));
  EXPECT_THAT(two("0,4", "4,18446744073709551615"),
              HasSubstr("non-negative integers"));
}

TEST(Safetensors, size_of_the_data) {
  std::string header = "{\"a\":" + tensor("F32", "2", "0,8") + "}";
  EXPECT_THAT(answerTo(header, 7), HasSubstr("past the end of the file"));
  EXPECT_THAT(answerTo(header, 9), HasSubstr("a hole of 1 bytes at its end"));
}

TEST(Safetensors, shapes) {
  auto shaped = [](const std::string &shape) {
    return answerTo("{\"a\":" + tensor("F32", shape, "0,8") + "}");
  };
  EXPECT_THAT(shaped("4294967296,4294967296"), HasSubstr("more elements than"));
  EXPECT_THAT(shaped("4294967296,4294967296,0"),
              HasSubstr("more elements than"));
  EXPECT_THAT(shaped("9223372036854775807"), HasSubstr("more elements than"));
  EXPECT_THAT(shaped("-1"), HasSubstr("non-negative integers"));
  EXPECT_THAT(shaped("2.0"), HasSubstr("non-negative integers"));
  EXPECT_THAT(shaped("\"2\""), HasSubstr("unexpected string"));
  EXPECT_THAT(shaped("1,1,1,1,1,1,1,1,2"), HasSubstr("at most 8 dimensions"));
  EXPECT_THAT(shaped("[2]"), HasSubstr("unexpected array"));
}

TEST(Safetensors, fields) {
  EXPECT_THAT(answerTo("{\"a\":" + tensor("Q4", "2", "0,8") + "}"),
              HasSubstr("tensor 'a': unknown dtype 'Q4'"));
  EXPECT_THAT(answerTo(R"({"a":{"dtype":"F32","shape":[2]}})"),
              HasSubstr("but one is missing"));
  EXPECT_THAT(answerTo(R"({"a":{"dtype":"F32","color":[2]}})"),
              HasSubstr("unknown field 'color'"));
  EXPECT_THAT(answerTo(R"({"a":{"dtype":["F32"]}})"),
              HasSubstr("unexpected array"));
  for (const char *header :
       {"[]", "7", "\"x\"", "null", "{\"a\":7}", "{\"a\":[]}", "{\"a\":null}",
        "{\"a\":{\"shape\":{}}}", "{\"__metadata__\":{\"a\":{}}}",
        "{\"__metadata__\":{\"a\":[]}}", "{\"__metadata__\":7}"})
    EXPECT_THAT(answerTo(header), testing::ContainsRegex("unexpect|expects"))
        << header;
}

TEST(Safetensors, names) {
  std::string one = tensor("F32", "1", "0,4"),
              other = tensor("F32", "1", "4,8");
  EXPECT_THAT(answerTo("{\"a\":" + one + ",\"a\":" + other + "}"),
              HasSubstr("duplicate key 'a'"));
  EXPECT_THAT(answerTo("{\"\":" + one + "}"), HasSubstr("1 to 1024 bytes"));
  EXPECT_THAT(answerTo("{\"" + std::string(1025, 'a') + "\":" + one + "}"),
              HasSubstr("but one has 1025"));
  EXPECT_THAT(answerTo("{\"a\\u0000b\":" + one + "}"),
              HasSubstr("without control characters"));
  EXPECT_THAT(answerTo("{\"a\xff\":" + one + "}"), HasSubstr("expects JSON"));
}

TEST(Safetensors, length_of_the_header) {
  EXPECT_THAT(answerToFile(""), HasSubstr("is truncated"));
  EXPECT_THAT(answerToFile(std::string(7, '\0')), HasSubstr("is truncated"));
  EXPECT_THAT(answerToFile(std::string(8, '\xff')), HasSubstr("at most"));
  EXPECT_THAT(answerToFile(fileOf("{}", 0).substr(0, 9)),
              HasSubstr("is truncated"));
  EXPECT_THAT(answerTo(std::string(100000, '[')), HasSubstr("unexpected"));
}

TEST(Safetensors, other_kinds_are_called_so) {
  using namespace std::string_literals;
  const std::pair<std::string, std::string> kinds[] = {
      {"version https://git-lfs.github.com/spec/v1\noid sha256:0123\n",
       "is a pointer of Git LFS to it; fetch it with 'git lfs pull'"},
      {"{\n  \"architectures\": []}", "begins like a JSON file"},
      {"{}\n", "begins like a JSON file"},
      {"[1, 2, 3, 4, 5]", "begins like a JSON file"},
      {"<!DOCTYPE html>", "begins like a page of HTML"},
      {"GGUF\3\0\0\0\1\0"s, "begins like a GGUF file"},
      {"PK\3\4\0\0\x08\x08\0\0"s, "begins like a pickle, as torch.save"},
      {"\x80\2}q\0(X\x05\0\0"s, "begins like a pickle"},
      {"\x80\4\x95\x10\0\0\0\0\0\1"s, "begins like a pickle"}};
  for (const auto &[begin, kind] : kinds)
    EXPECT_THAT(answerToFile(begin), HasSubstr("but it " + kind)) << begin;
  EXPECT_THAT(answerToFile("{\xff\xff\xff\xff\xff\xff\xff"),
              HasSubstr("expects a header of at most"));
}

/// A device stays a device, and says when it is full.
TEST(Safetensors, writes_to_a_device_directly) {
  float data[2] = {1, 2};
  moelora_tensor_data tensor = {"a", MOELORA_F32, 1, {2}, data};
  EXPECT_EQ(moelora_safetensors_write("/dev/null", &tensor, 1, nullptr),
            MOELORA_OK);
  EXPECT_EQ(moelora_safetensors_write("/dev/full", &tensor, 1, nullptr),
            MOELORA_IO);
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

TEST(Safetensors, writes_all_or_nothing) {
  Folder folder;
  std::string path = folder / "out.safetensors";
  float data[2] = {1, 2};
  moelora_tensor_data good = {"a", MOELORA_F32, 1, {2}, data};
  auto write = [&](std::vector<moelora_tensor_data> all) {
    return moelora_safetensors_write(path.c_str(), all.data(),
                                     static_cast<int64_t>(all.size()), nullptr);
  };
  moelora_tensor_data bad = good;
  bad.data = nullptr;
  EXPECT_EQ(write({good, bad}), MOELORA_INVALID);
  EXPECT_EQ(write({good, good}), MOELORA_INVALID);
  bad = good;
  bad.dtype = 99;
  EXPECT_EQ(write({bad}), MOELORA_INVALID);
  bad = good;
  bad.shape[0] = -1;
  EXPECT_EQ(write({bad}), MOELORA_INVALID);
  EXPECT_THAT(folder.list(), testing::IsEmpty());
  EXPECT_EQ(write({good}), MOELORA_OK);
  EXPECT_THAT(folder.list(), testing::ElementsAre("out.safetensors"));
  EXPECT_EQ(answerToFile(folder.read("out.safetensors")), "");
  path = folder / "missing/out.safetensors";
  EXPECT_EQ(write({good}), MOELORA_IO);
  path = folder.path; // a folder is in the way of the rename
  EXPECT_EQ(write({good}), MOELORA_IO);
  EXPECT_THAT(folder.list(), testing::ElementsAre("out.safetensors"));
}
