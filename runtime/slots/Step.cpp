/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Steps of a slot table. moelora_step_create is in run/, because it may take a
 * program.
 */
#include "slots/StepState.h"

#include "base/Sized.h"

#include <thread>

using namespace moelora;

namespace {

/// The words and the numbers begin at a new cache line each.
constexpr uint64_t alignment = 64;

uint64_t aligned(uint64_t bytes) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// The memory of a step: the ticket, the words, the numbers.
struct Layout {
  uint64_t words = alignment, numbers, bytes;
  Layout(size_t slots, int64_t tokens)
      : numbers(words + aligned(slots * sizeof(uint64_t))),
        bytes(numbers + static_cast<uint64_t>(tokens) * sizeof(int32_t)) {}
};

int64_t checkedTokens(int64_t tokens) {
  if (tokens < 1 || tokens > INT32_MAX)
    fail("expects a step of 1 to " + std::to_string(INT32_MAX) +
         " tokens, but it is of " + std::to_string(tokens));
  return tokens;
}

} // namespace

moelora_step::moelora_step(moelora_slot_table &table, int64_t maxTokens,
                           std::unique_ptr<Resolver> resolver)
    : table(table), maxTokens(checkedTokens(maxTokens)),
      resolver(std::move(resolver)),
      memory(table.device, Layout(table.tenants.size(), maxTokens).bytes) {
  Layout layout(table.tenants.size(), maxTokens);
  clearMemory(memory, table.device);
  view.ticket = ticket();
  view.word = reinterpret_cast<uint64_t *>(memory.data() + layout.words);
  view.number = reinterpret_cast<int32_t *>(memory.data() + layout.numbers);
  view.stats = table.counters();
  view.slots = static_cast<int32_t>(table.tenants.size());
  view.index_bits = table.indexBits;
  std::lock_guard<std::mutex> lock(table.mutex);
  table.kept.reserve(table.kept.size() + static_cast<size_t>(table.steps) + 1);
  ++table.steps;
}

moelora_step::~moelora_step() {
  std::lock_guard<std::mutex> lock(table.mutex);
  if (isBroken())
    table.kept.push_back(std::move(memory)); // there is space for all steps
  --table.steps;
}

bool moelora_step::leaving() const {
  const OpenStep *open = table.core.step(serial);
  return open && open->state == OpenStep::Leaving;
}

namespace {

/// Makes the stream wait for the work that must come before the step. If its
/// work is done on return, the caller has already waited.
void orderEnter(const moelora_step &step, moelora_stream *stream) {
  moelora_slot_table &table = step.table;
  auto wait = [&](Fence fence) {
    if (moelora_event *event = table.fences.event(fence))
      call(table.device, &moelora_device::stream_wait, stream, event);
  };
  if (step.leaving())
    wait(table.core.step(step.serial)->left);
  for (const Store &store : table.core.stores())
    wait(store.fence);
}

void checkMayEnter(const moelora_step &step) {
  if (step.entered)
    fail("expects a step that has not entered, but it has");
  if (step.isBroken())
    fail("expects a step whose last leave is done, but the device failed "
         "behind it",
         MOELORA_DEVICE_LOST);
}

void enter(moelora_step &step, moelora_stream *stream) {
  moelora_slot_table &table = step.table;
  table.checkNotCapturing(stream);
  for (;; std::this_thread::yield()) {
    std::lock_guard<std::mutex> lock(table.mutex);
    checkMayEnter(step);
    table.core.settle(table.fences);
    if (table.isDone(stream) &&
        (step.leaving() || !table.core.stores().empty()))
      continue;
    Fence fence = table.fences.take();
    uint64_t serial = 0;
    try {
      orderEnter(step, stream);
      serial = table.core.enter();
      call(table.device, &moelora_device::store, stream, step.ticket(), serial);
    } catch (...) {
      table.fences.drop(fence);
      if (serial)
        table.core.leave(serial, 0);
      throw;
    }
    step.serial = serial;
    step.fence = fence;
    step.entered = true;
    return;
  }
}

/// Marks the step as left, with this fence after it.
void leaveWith(moelora_step &step, Fence fence) noexcept {
  step.table.core.leave(step.serial, fence);
  step.entered = false;
}

/// Clears the ticket and records the fence, or does neither.
void markLeave(moelora_step &step, moelora_stream *stream) {
  const moelora_slot_table &table = step.table;
  call(table.device, &moelora_device::store, stream, step.ticket(),
       uint64_t(0));
  if (table.isDone(stream))
    return;
  moelora_error *error = nullptr;
  moelora_status status = step.table.fences.record(step.fence, stream, &error);
  if (status == MOELORA_OK)
    return;
  table.device.store(
      table.device.context, stream, step.ticket(), step.serial,
      nullptr); // if this fails too, all tokens of the step are base
  failWith(status, error);
}

void leave(moelora_step &step, moelora_stream *stream) {
  moelora_slot_table &table = step.table;
  std::lock_guard<std::mutex> lock(table.mutex);
  if (!step.entered)
    fail("expects a step that has entered, but it has not");
  try {
    table.checkNotCapturing(stream);
    markLeave(step, stream);
  } catch (const Failure &failure) {
    if (failure.status != MOELORA_DEVICE_LOST)
      throw;
    table.fences.decide(step.fence, false);
    leaveWith(step, step.fence);
    throw;
  }
  bool done = table.isDone(stream);
  leaveWith(step, done ? 0 : step.fence);
  if (done)
    table.fences.drop(step.fence);
}

void destroy(moelora_step *step) {
  moelora_slot_table &table = step->table;
  for (;; std::this_thread::yield()) {
    std::lock_guard<std::mutex> lock(table.mutex);
    if (step->entered)
      fail("expects a step that has left, but it has not", MOELORA_BUSY);
    table.core.settle(table.fences);
    if (!step->leaving())
      break;
  }
  delete step;
}

template <typename T> bool isMisaligned(const T *pointer) {
  return reinterpret_cast<uintptr_t>(pointer) % alignof(T);
}

void checkBatch(const moelora_step &step, const int32_t *ids, int64_t tokens,
                const int32_t *validTokens) {
  if (tokens < 0 || tokens > step.maxTokens)
    fail("expects at most the " + std::to_string(step.maxTokens) +
         " tokens of the step, but there are " + std::to_string(tokens));
  if (!ids && tokens)
    fail("expects ids of the tokens, but their address is NULL");
  if (isMisaligned(ids) || isMisaligned(validTokens))
    fail("expects ids and valid_tokens at multiples of 4, but they are not");
}

/// If the host may do the work now, it is a call.
void enqueue(const moelora_step &step, moelora_stream *stream,
             const Resolution &resolution) {
  const moelora_slot_table &table = step.table;
  if (step.resolver)
    step.resolver->launch(stream, resolution);
  else if (table.isDone(stream) && table.device.host_visible)
    resolve(resolution);
  else
    table.kernel.launch(stream, resolution);
}

template <typename Body>
moelora_status withStep(const moelora_step *step, moelora_error **error,
                        Body body) {
  return guarded(error, [&] {
    expectThere(step, "a step");
    body();
  });
}

} // namespace

moelora_status moelora_step_destroy(moelora_step *step, moelora_error **error) {
  return guarded(error, [&] {
    if (step)
      destroy(step);
  });
}

moelora_status moelora_step_enter(moelora_step *step, moelora_stream *stream,
                                  moelora_error **error) {
  return withStep(step, error, [&] { enter(*step, stream); });
}

moelora_status moelora_step_leave(moelora_step *step, moelora_stream *stream,
                                  moelora_error **error) {
  return withStep(step, error, [&] { leave(*step, stream); });
}

moelora_status moelora_step_resolve(moelora_step *step, moelora_stream *stream,
                                    const int32_t *ids, int64_t tokens,
                                    const int32_t *valid_tokens,
                                    moelora_error **error) {
  return withStep(step, error, [&] {
    checkBatch(*step, ids, tokens, valid_tokens);
    PeerTokens *peers = step->peers.get();
    if (peers)
      peers->check(tokens);
    const moelora_step_view &view = step->view;
    Resolution resolution = {view.ticket,
                             step->table.words(),
                             const_cast<uint64_t *>(view.word),
                             const_cast<int32_t *>(view.number),
                             view.stats,
                             ids,
                             valid_tokens,
                             tokens,
                             view.slots,
                             view.index_bits,
                             peers};
    enqueue(*step, stream, resolution);
    if (peers)
      peers->check(tokens); // the exchange may have failed
    step->tokens = tokens;
  });
}

const moelora_step_view *moelora_step_view_of(const moelora_step *step) {
  return step ? &step->view : nullptr;
}
