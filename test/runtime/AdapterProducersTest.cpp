/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Adapters as other programs than PEFT leave them: names, files, parts of the
 * model that are not this library's.
 */
#include "Files.h"

#include <gmock/gmock.h>

using namespace moelora::test;
using testing::AllOf;
using testing::HasSubstr;

namespace {

const std::string expert1 = inLayer(0, "mlp.experts.1.");

} // namespace

TEST(AdapterProducers, files_that_are_not_the_adapter) {
  Folder folder;
  folder.write("adapter_config.json", config(2, 3));
  folder.write("adapter_model.bin", "pickled");
  EXPECT_THAT(open(folder, Model()).text,
              AllOf(HasSubstr("it has adapter_model.bin, a pickle"),
                    HasSubstr("safe_serialization=True")));
  folder.write("adapter_model.safetensors",
               "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
  EXPECT_THAT(open(folder, Model()).text, HasSubstr("a pointer of Git LFS"));
}

TEST(AdapterProducers, saved_without_gathering) {
  for (int64_t columns : {int64_t(0), hidden}) {
    Folder folder;
    Tensors tensors;
    tensors[expert1 + "up_proj.lora_A.weight"] = {0, columns, {}, 0};
    tensors[expert1 + "up_proj.lora_B.weight"] = {0, columns, {}, 0};
    writeAdapter(folder, config(2, 3), tensors);
    EXPECT_THAT(open(folder, Model()).text,
                HasSubstr("saved from a partitioned model (DeepSpeed ZeRO-3, "
                          "FSDP) without gathering it"));
  }
}
