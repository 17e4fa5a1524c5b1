// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a compiled case on a device, through the runtime.

#ifndef MOELORA_TEST_DIFFERENTIAL_RUN_H
#define MOELORA_TEST_DIFFERENTIAL_RUN_H

#include "Data.h"
#include "moelora/host/Run.h"

#include <optional>

namespace moelora::differential {

/// The device of a case with one set of data.
host::DeviceHandle openDevice(const Case &c, Target target);

/// What a run reads besides weights and adapters. Borrows all addresses.
struct Batch {
  /// That of the data.
  Batch(const Case &c, const Data &data);

  int64_t tokens;
  std::array<const void *, MOELORA_ROLES> operand = {};
  std::vector<int32_t> slotIds;
  /// What the ids resolve to; empty: what they do resolve to.
  std::vector<int32_t> numbers;
  bool inStep = true; // else all tokens are base
  /// The step has no ticket, as in a graph that is replayed outside of steps.
  bool isOutside = false;
  std::optional<int32_t> validTokens;
};

/// A case that is loaded on a device, and bound to weights and adapters. Its
/// functions throw a host::Error where the runtime or the device refuses.
class Runner {
public:
  /// `services` are those of a device that runs kernels of the host.
  Runner(const Case &c, const Data &data, const moelora_artifact &artifact,
         const moelora_device &device, const moelora_services &services);
  Runner(const Runner &) = delete;

  /// Returns the output, which is filled before the run. The workspace is
  /// filled before the first run, and as the last one left it before the
  /// others.
  Bytes run(const Batch &batch);
  /// From now on, ids of this published slot name another adapter.
  void replaceAdapter(int32_t slot, const reference::Adapter &adapter);
  /// What the last run has counted, without its ids.
  const moelora_run_stats &counters() const { return counted; }
  /// What all steps have counted of their ids. Needs slots.
  moelora_run_stats idCounters() const;
  /// The number of each token of the last run that had a step, and outside of
  /// it the words, which are addresses otherwise.
  const Bytes &resolved() const { return numbersAndWords; }

private:
  void publish(const Data &data);
  void bind(const Data &data);
  host::OnDevice place(const void *data, uint64_t bytes);
  void copy(const void *to, const void *from, size_t bytes);
  void resolve(host::Step &step, const Batch &batch,
               const int32_t *validTokens);
  moelora_run describe(const Batch &batch, std::deque<host::OnDevice> &inputs);

  const Case c;
  const moelora_device &device;
  host::Handle<moelora_program, host::endProgram> program;
  const moelora_variant &variant;
  host::TableHandle table;
  std::vector<std::unique_ptr<Pages>> pages;
  std::deque<Bytes> unread; // weights of other entry points
  std::deque<host::OnDevice> weights;
  std::vector<host::OnDevice> images; // by slot
  std::vector<uint64_t> words;
  Bytes numbersAndWords;
  host::Handle<moelora_bound_layer, host::unbind> layer;
  moelora_run_stats counted = {};
  Bytes room;
  host::OnDevice workspace, stats;
};

} // namespace moelora::differential

#endif // MOELORA_TEST_DIFFERENTIAL_RUN_H
