// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An image for every slot, with pairs for the down projection alone. The scale
// of a pair tells the slot, and where A begins tells the expert.
#ifndef MOELORA_TEST_EMULATOR_DOWNIMAGES_H
#define MOELORA_TEST_EMULATOR_DOWNIMAGES_H

#include "CompiledKernels.h"
#include "PlannedKernel.h"
#include "moelora/runtime/Image.h"

namespace moelora::test {

class DownImages {
public:
  /// Returns the words of the slots.
  void *upload(CompiledKernels &kernels, const PlanShape &shape) {
    constexpr uint32_t pairs = 1; // in units: behind the finder
    std::vector<uint64_t> slotWords;
    for (int32_t slot = 0; slot < shape.slots; ++slot) {
      std::vector<char> image(Unit +
                              size_t(shape.experts) * sizeof(moelora_pair));
      reinterpret_cast<uint32_t *>(image.data())[MOELORA_DOWN] = pairs;
      auto *pair = reinterpret_cast<moelora_pair *>(&image[pairs * Unit]);
      for (int32_t e = 0; e < shape.experts; ++e)
        pair[e] = {FirstUnit + uint32_t(e), 1, 1, 0, float(slot + 1)};
      images.push_back(reinterpret_cast<uint64_t>(kernels.upload(image)));
      slotWords.push_back(images.back() / MOELORA_WORD_ADDRESS_UNIT);
    }
    return kernels.upload(slotWords);
  }

  /// The expert whose A begins at an address.
  int32_t expertOf(int32_t slot, uint64_t a) const {
    return int32_t((a - images.at(size_t(slot))) / Unit) - int32_t(FirstUnit);
  }

private:
  static constexpr size_t Unit = MOELORA_IMAGE_UNIT;
  static constexpr uint32_t FirstUnit = 1000; // of A of expert 0
  std::vector<uint64_t> images;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EMULATOR_DOWNIMAGES_H
