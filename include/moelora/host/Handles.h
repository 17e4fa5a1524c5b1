// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The C interface of the runtime in C++: errors are thrown, and handles have
// owners.
#ifndef MOELORA_HOST_HANDLES_H
#define MOELORA_HOST_HANDLES_H

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Checkpoint.h"
#include "moelora/runtime/Execute.h"
#include "moelora/runtime/SlotTable.h"

#include <memory>
#include <stdexcept>
#include <string>

namespace moelora::host {

/// An error with a message for the user.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Calls a function of the C interface, whose last argument is its error. If it
/// fails, throws the error with `context` in front of its text.
template <typename Function, typename... Arguments>
void callFor(const std::string &context, Function function,
             Arguments... arguments) {
  moelora_error *error = nullptr;
  if (function(arguments..., &error) == MOELORA_OK)
    return;
  std::string text = context + moelora_error_text(error);
  moelora_error_free(error);
  throw Error(text);
}

template <typename Function, typename... Arguments>
void call(Function function, Arguments... arguments) {
  callFor("", function, arguments...);
}

/// A struct of the C interface that begins with its size.
template <typename Struct> Struct sized() {
  Struct made = {};
  made.size = sizeof made;
  return made;
}

template <auto Close> struct Closer {
  template <typename T> void operator()(T *handle) const { Close(handle); }
};
/// Owns a handle that `Close` frees.
template <typename T, auto Close>
using Handle = std::unique_ptr<T, Closer<Close>>;

inline void closeArtifact(moelora_artifact_file *file) {
  moelora_artifact_close(file, nullptr);
}
inline void endTable(moelora_slot_table *table) {
  moelora_slot_table_destroy(table, nullptr);
}

using AdapterHandle = Handle<moelora_adapter, moelora_adapter_close>;
using ArtifactHandle = Handle<moelora_artifact_file, closeArtifact>;
using CheckpointHandle = Handle<moelora_checkpoint, moelora_checkpoint_close>;
using TableHandle = Handle<moelora_slot_table, endTable>;

inline CheckpointHandle openCheckpoint(const std::string &path) {
  moelora_checkpoint *opened = nullptr;
  call(moelora_checkpoint_open, path.c_str(), &opened);
  return CheckpointHandle(opened);
}

/// `stated` has properties that the files may not determine; by default there
/// are none.
inline AdapterHandle openAdapter(
    const std::string &folder, const moelora_adapter_target &target,
    const moelora_adapter_options &stated = sized<moelora_adapter_options>(),
    const std::string &context = "") {
  moelora_adapter *opened = nullptr;
  callFor(context, moelora_adapter_open, folder.c_str(), &target, &stated,
          &opened);
  return AdapterHandle(opened);
}

/// Whether the adapter can change an output; see moelora_adapter_has_effect.
inline bool hasEffect(const moelora_adapter *adapter,
                      const std::string &context = "") {
  int32_t effect = 0;
  callFor(context, moelora_adapter_has_effect, adapter, &effect);
  return effect != 0;
}

/// A pool of threads and the services of the host that use it.
class Pool {
public:
  /// 0 means as many threads as the process may use.
  explicit Pool(int32_t threads) {
    moelora_pool *made = nullptr;
    call(moelora_pool_create, threads, &made);
    pool.reset(made);
    moelora_services_init(made, &services);
  }

  moelora_services services = {};

private:
  Handle<moelora_pool, moelora_pool_destroy> pool;
};

} // namespace moelora::host

#endif // MOELORA_HOST_HANDLES_H
