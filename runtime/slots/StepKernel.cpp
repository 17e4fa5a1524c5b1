/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "slots/StepKernel.h"

#include "base/Word.h"

#include <algorithm>

using namespace moelora;

namespace {

void add(uint64_t &to, uint64_t count) {
  if (count) // most resolutions write nothing that others write too
    __atomic_fetch_add(&to, count, __ATOMIC_RELAXED);
}

/// The counters of one resolution.
struct Counts {
  uint64_t masked = 0, stale = 0;
};

int32_t numberOf(const Resolution &r, int32_t id, Counts &counts) {
  int32_t slot = slotOfId(id, r.indexBits);
  bool named = id >= 0 && slot < r.slots;
  uint64_t word = named ? r.word[slot] : 0;
  bool current =
      named && generationOfId(id, r.indexBits) == generationOfWord(word);
  counts.stale += named && !current;
  bool served = current && addressOfWord(word);
  counts.masked += !served && id != -1;
  return served ? slot : -1;
}

int64_t validTokens(const Resolution &r) {
  int64_t valid = r.validTokens ? *r.validTokens : r.tokens;
  return std::clamp<int64_t>(valid, 0, r.tokens);
}

/// A replay outside of a step. The table does not wait for it, so it must not
/// read images, which may be freed.
void resolveOutside(const Resolution &r) {
  std::fill_n(r.word, r.slots, 0);
  std::fill_n(r.number, r.tokens, -1);
  add(r.stats->outside_steps, static_cast<uint64_t>(validTokens(r)));
}

void readWord(const Resolution &r, int32_t slot) {
  r.word[slot] = __atomic_load_n(&r.directory[slot], __ATOMIC_ACQUIRE);
}

/// Calls `visit(slot)` for the slot of each token.
template <typename Visit>
void visitNamed(const Resolution &r, int64_t tokens, Visit visit) {
  for (int64_t token = 0; token < tokens; ++token) {
    int32_t id = r.ids[token], slot = slotOfId(id, r.indexBits);
    if (id >= 0 && slot < r.slots)
      visit(slot);
  }
}

/// Reads each word at most once, so that all tokens of a slot see the same one
/// although the directory may change meanwhile. In a small table, reading all
/// words is faster than finding those that tokens use.
void readWords(const Resolution &r, int64_t tokens) {
  constexpr int64_t few = 32;
  constexpr uint64_t unread = ~uint64_t(0); // no word is this one
  if (r.peers || r.slots <= std::max(few, tokens)) {
    for (int32_t slot = 0; slot < r.slots; ++slot)
      readWord(r, slot);
    return;
  }
  visitNamed(r, tokens, [&](int32_t slot) { r.word[slot] = unread; });
  visitNamed(r, tokens, [&](int32_t slot) {
    if (r.word[slot] == unread)
      readWord(r, slot);
  });
}

void resolveInside(const Resolution &r) {
  Counts counts;
  int64_t valid = validTokens(r);
  readWords(r, valid);
  for (int64_t token = 0; token < valid; ++token)
    r.number[token] = numberOf(r, r.ids[token], counts);
  std::fill_n(r.number + valid, r.tokens - valid, -1);
  add(r.stats->masked_slots, counts.masked);
  add(r.stats->stale_slots, counts.stale);
}

void resolveKernel(const moelora_launch *launch) {
  resolve(*static_cast<const Resolution *>(launch->parameters));
}

} // namespace

void moelora::resolve(const Resolution &resolution) noexcept {
  bool inside = __atomic_load_n(resolution.ticket, __ATOMIC_ACQUIRE) != 0;
  (inside ? resolveInside : resolveOutside)(resolution);
  if (resolution.peers)
    resolution.peers->resolve(resolution, inside);
}

int32_t moelora::numberOf(const Resolution &resolution, int32_t id) {
  Counts uncounted;
  return ::numberOf(resolution, id, uncounted);
}

StepKernel::StepKernel(const moelora_device &device) : device(device) {
  moelora_binary binary = {};
  binary.kind = MOELORA_BINARY_HOST;
  binary.data = reinterpret_cast<const void *>(resolveKernel);
  moelora_error *error = nullptr;
  moelora_status status =
      device.module_load(device.context, &binary, &module, &error);
  if (status == MOELORA_UNSUPPORTED || status == MOELORA_INVALID) {
    moelora_error_free(error);
    return; // it does not run kernels of the host
  }
  if (status != MOELORA_OK)
    failWith(status, error);
  moelora_kernel_info info = {};
  info.name = "moelora_resolve";
  info.threads = 1;
  status = device.kernel_get(device.context, module, &info, &kernel, &error);
  if (status == MOELORA_OK)
    return;
  device.module_unload(device.context, module);
  failWith(status, error);
}

StepKernel::~StepKernel() {
  if (module)
    device.module_unload(device.context, module);
}

void StepKernel::launch(moelora_stream *stream,
                        const Resolution &resolution) const {
  if (!kernel)
    fail(std::string("expects a step that was made with a program, because ") +
             device.name + " does not run kernels of the host, but it was not",
         MOELORA_UNSUPPORTED);
  moelora_launch launch = {};
  launch.kernel = kernel;
  std::fill_n(launch.grid, 3, 1u);
  std::fill_n(launch.block, 3, 1u);
  launch.parameter_bytes = sizeof resolution;
  launch.parameters = &resolution;
  call(device, &moelora_device::launch, stream,
       static_cast<const moelora_launch *>(&launch), 1u);
}
