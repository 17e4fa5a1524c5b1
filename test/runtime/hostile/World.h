/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The objects for injected failures: a device, a slot table with two adapters
 * in three slots, one of them leased, and the results of an operation.
 */
#ifndef MOELORA_TEST_RUNTIME_HOSTILE_WORLD_H
#define MOELORA_TEST_RUNTIME_HOSTILE_WORLD_H

#include "FaultyDevice.h"
#include "LayerRun.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/Loader.h"
#include "moelora/runtime/SlotPublish.h"

namespace moelora::test {

/// The adapters of one form, made once.
struct Inputs {
  explicit Inputs(Form form);

  Form form;
  SizedModel model;
  Folder folder, otherFolder;
  Draft draft, otherDraft;
  Opened adapter, other;
  std::vector<moelora_tensor_data> tensors; ///< of the first, in memory
  std::string config;                       ///< likewise
};

struct World {
  World(const Inputs &inputs, bool remote);
  ~World();
  World(const World &) = delete;

  /// The table after all streams are done, and the output of a run.
  std::string describe();
  void awaitStores();
  /// Whether the table has fences after which the device failed.
  bool broken();
  /// Ends everything; what the device still misses.
  int64_t close();
  moelora_status assign(const char *name, const moelora_adapter *adapter,
                        const moelora_staging *staging, moelora_error **error);

  const Inputs &inputs;
  moelora_adapter_target target;
  FaultyDevice faulty;
  moelora_slot_table *table = nullptr, *secondTable = nullptr;
  moelora_stream *stream = nullptr;
  moelora_step *step = nullptr, *secondStep = nullptr;
  bool inside = false; ///< step has entered, on stream
  moelora_lease lease{}, secondLease{};
  moelora_adapter *opened = nullptr;
  moelora_pool *pool = nullptr;
  moelora_loader *loader = nullptr;
  moelora_services services{}; ///< of the pool
  LayerRun *layer = nullptr;   ///< that was prepared, or NULL
  int32_t firstId = -1, secondId = -1;
};

/// One operation of a caller. `prepare` may be NULL. `run` itself does not
/// allocate.
struct Operation {
  const char *name;
  void (*prepare)(World &world);
  moelora_status (*run)(World &world, moelora_error **error);
  /// On a device of which nothing works any more it cannot be taken back: then
  /// base is served.
  bool keeps = false;
  /// A failure to record an event is the result. Other operations have changed
  /// the table by then, and keep the replaced memory.
  bool needsRecord = false;
  /// An adapter that cannot be prefetched is opened again.
  bool opensAhead = false;
};
std::vector<Operation> tableOperations();
std::vector<Operation> servingOperations();
std::vector<Operation> adapterOperations();
/// All of them.
const std::vector<Operation> &operations();

} // namespace moelora::test

#endif // MOELORA_TEST_RUNTIME_HOSTILE_WORLD_H
