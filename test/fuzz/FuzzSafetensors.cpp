// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A safetensors file: a byte that says whether the rest is the file as it is,
// or 3 bytes of data size and then the header.

#include "Folder.h"
#include "moelora/runtime/Checkpoint.h"

#include <vector>

using namespace moelora::fuzz;

/// A tensor that is listed can be found and read to its end.
static void readAll(const moelora_checkpoint *checkpoint) {
  for (int64_t index = 0; index < moelora_checkpoint_count(checkpoint);
       ++index) {
    moelora_tensor tensor = {};
    tensor.size = sizeof tensor;
    if (moelora_checkpoint_tensor(checkpoint, index, &tensor) != MOELORA_OK ||
        moelora_checkpoint_find(checkpoint, tensor.name) != index)
      __builtin_trap();
    std::vector<char> bytes(tensor.bytes);
    if (moelora_checkpoint_read(checkpoint, index, 0, tensor.bytes,
                                bytes.data(), nullptr) != MOELORA_OK)
      __builtin_trap();
    std::vector<float> values(tensor.elements);
    moelora_checkpoint_read_f32(checkpoint, index, 0, tensor.elements,
                                values.data(), nullptr);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Folder folder;
  const char *name = "model.safetensors";
  Input input(data, size);
  if (input.number(1) % 2) {
    uint64_t zeros = input.number(3);
    writeSafetensors(folder, name, input.remaining(), zeros);
  } else {
    folder.write(name, input.remaining());
  }
  moelora_checkpoint *checkpoint = nullptr;
  moelora_error *error = nullptr;
  if (moelora_checkpoint_open(folder.pathOf(name).c_str(), &checkpoint,
                              &error) == MOELORA_OK)
    readAll(checkpoint);
  else if (*moelora_error_text(error) == '\0')
    __builtin_trap(); // refused without a word
  moelora_error_free(error);
  moelora_checkpoint_close(checkpoint);
  return 0;
}
