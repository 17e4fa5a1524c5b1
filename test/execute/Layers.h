// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled layer that was written by hand, from its file to a run. Each step
// owns its objects.
#ifndef MOELORA_TEST_EXECUTE_LAYERS_H
#define MOELORA_TEST_EXECUTE_LAYERS_H

#include "Weights.h"

#include "moelora/runtime/Run.h"

#include <gmock/gmock.h>

namespace moelora::test {

struct LoadedLayer {
  explicit LoadedLayer(const char *path) {
    EXPECT_EQ(errorOf(moelora_artifact_load, path, &file), "");
  }
  LoadedLayer(const LoadedLayer &) = delete;
  ~LoadedLayer() { EXPECT_EQ(errorOf(moelora_artifact_close, file), ""); }
  const moelora_artifact &artifact() const {
    return *moelora_artifact_of(file, 0);
  }
  const moelora_variant &variant() const { return *artifact().variant; }

  moelora_artifact_file *file = nullptr;
};

/// A program of a layer.
struct MadeProgram : LoadedLayer {
  explicit MadeProgram(const char *path,
                       const moelora_device *device = moelora_device_cpu(),
                       const moelora_services *services = nullptr)
      : LoadedLayer(path), weights(variant()) {
    EXPECT_EQ(errorOf(moelora_program_create, &artifact(),
                      static_cast<const char *>(nullptr), device, services,
                      &program),
              "");
  }
  ~MadeProgram() { EXPECT_EQ(errorOf(moelora_program_destroy, program), ""); }

  moelora_program *program = nullptr;
  WeightMemory weights;
};

/// A layer that is bound.
struct BoundLayer : MadeProgram {
  explicit BoundLayer(const char *path, moelora_slot_table *table = nullptr,
                      const moelora_device *device = moelora_device_cpu(),
                      const moelora_services *services = nullptr)
      : MadeProgram(path, device, services) {
    moelora_binding binding = weights.binding(table);
    EXPECT_EQ(errorOf(moelora_layer_bind, program, &binding, &layer), "");
  }
  ~BoundLayer() { EXPECT_EQ(errorOf(moelora_layer_unbind, layer), ""); }

  moelora_bound_layer *layer = nullptr;
};

} // namespace moelora::test

#endif // MOELORA_TEST_EXECUTE_LAYERS_H
