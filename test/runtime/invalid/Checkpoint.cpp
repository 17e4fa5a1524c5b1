/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Calls of Checkpoint.h.
 */
#include "Invalid.h"

using namespace moelora::test;

namespace {

/// Calls with an open checkpoint.
template <typename Body>
std::function<int64_t()> opened(const Valid &valid, Body body) {
  return [&valid, body] {
    moelora_checkpoint *checkpoint = nullptr;
    moelora_checkpoint_open(valid.file.c_str(), &checkpoint, nullptr);
    int64_t answer = checkpoint ? body(checkpoint) : -100;
    moelora_checkpoint_close(checkpoint);
    return answer;
  };
}

} // namespace

InvalidCalls moelora::test::invalidCheckpoint(const Valid &valid) {
  constexpr int64_t invalid = MOELORA_INVALID;
  return {
      {"moelora_checkpoint_open", "path", invalid,
       [] {
         moelora_checkpoint *to = nullptr;
         return moelora_checkpoint_open(nullptr, &to, nullptr);
       }},
      {"moelora_checkpoint_open", "checkpoint", invalid,
       [&] {
         return moelora_checkpoint_open(valid.file.c_str(), nullptr, nullptr);
       }},
      {"moelora_checkpoint_close", "checkpoint", 0,
       returns(moelora_checkpoint_close, nullptr)},
      {"moelora_checkpoint_bytes_read", "checkpoint", 0,
       [] { return int64_t(moelora_checkpoint_bytes_read(nullptr)); }},
      {"moelora_checkpoint_count", "checkpoint", 0,
       [] { return moelora_checkpoint_count(nullptr); }},
      {"moelora_checkpoint_tensor", "checkpoint", invalid,
       [] {
         moelora_tensor tensor = {};
         tensor.size = sizeof tensor;
         return moelora_checkpoint_tensor(nullptr, 0, &tensor);
       }},
      {"moelora_checkpoint_tensor", "tensor", invalid,
       opened(
           valid,
           [](auto *c) { return moelora_checkpoint_tensor(c, 0, nullptr); })},
      {"moelora_checkpoint_find", "checkpoint", -1,
       [] { return moelora_checkpoint_find(nullptr, "a"); }},
      {"moelora_checkpoint_find", "name", -1,
       opened(valid,
              [](auto *c) { return moelora_checkpoint_find(c, nullptr); })},
      {"moelora_checkpoint_read", "checkpoint", invalid,
       [] {
         char byte;
         return moelora_checkpoint_read(nullptr, 0, 0, 1, &byte, nullptr);
       }},
      {"moelora_checkpoint_read", "destination", invalid,
       opened(valid,
              [](auto *c) {
                return moelora_checkpoint_read(c, 0, 0, 1, nullptr, nullptr);
              })},
      {"moelora_checkpoint_read_f32", "checkpoint", invalid,
       [] {
         float value;
         return moelora_checkpoint_read_f32(nullptr, 0, 0, 1, &value, nullptr);
       }},
      {"moelora_checkpoint_read_f32", "destination", invalid,
       opened(valid,
              [](auto *c) {
                return moelora_checkpoint_read_f32(c, 0, 0, 1, nullptr,
                                                   nullptr);
              })},
      {"moelora_safetensors_write", "path", invalid,
       [] { return moelora_safetensors_write(nullptr, nullptr, 0, nullptr); }},
      {"moelora_safetensors_write", "tensors", invalid, [&] {
         std::string path = valid.folder / "new.safetensors";
         return moelora_safetensors_write(path.c_str(), nullptr, 1, nullptr);
       }}};
}
