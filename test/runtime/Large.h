/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * An adapter whose staging needs many tasks.
 */
#ifndef MOELORA_TEST_RUNTIME_LARGE_H
#define MOELORA_TEST_RUNTIME_LARGE_H

#include "Files.h"

#include <chrono>
#include <thread>

namespace moelora::test {

/// 3 experts of 2 layers, 30 MB in all.
struct Large {
  static constexpr int64_t hidden = 20000, intermediate = 7000;
  static constexpr int rank = 17;
  Large() {
    Tensors tensors;
    for (int layer : {0, 2})
      for (int e = 0; e < experts; ++e) {
        std::string module =
            inLayer(layer, "mlp.experts." + std::to_string(e) + ".");
        addPair(tensors, module + "up_proj", rank, hidden, intermediate);
        addPair(tensors, module + "down_proj", rank, intermediate, hidden, 2);
      }
    writeAdapter(folder, config(rank, 1), tensors);
    Model model;
    for (moelora_adapter_site &site : model.sites) {
      site.hidden = hidden;
      site.intermediate = intermediate;
    }
    // A file's times are as coarse as the system's ticks.
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    opened = open(folder, model);
  }
  Folder folder;
  Opened opened;
};

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_LARGE_H
