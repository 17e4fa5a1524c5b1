/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The runs of the world: their requests, and the rules for the values that they
 * read.
 */
#include "World.h"

#include "base/Word.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::test;

namespace {

void must(moelora_status status) {
  require(status == MOELORA_OK,
          "expects a call that keeps to the rules to succeed");
}

uint64_t askedOf(moelora_stream *stream) {
  return reinterpret_cast<TestStream *>(stream)->asked;
}

} // namespace

/// The present tenants, and the last former tenant of each slot.
std::vector<size_t> World::known() const {
  std::vector<size_t> all;
  for (int32_t slot = 0; slot < bounds.slots; ++slot)
    for (bool present : {true, false})
      for (size_t i = tenants.size(); i-- > 0;)
        if (tenants[i].slot == slot && tenants[i].present == present) {
          all.push_back(i);
          break;
        }
  return all;
}

void World::addBatch(size_t number) {
  const Pass &pass = passes[number];
  Batch &batch = batches.emplace_back();
  batch.pass = number;
  batch.outside = !pass.inside;
  for (size_t tenant : known()) {
    std::optional<size_t> from;
    if (tenant < pass.present.size())
      from = pass.present[tenant];
    batch.ids[batch.tokens.size()] = tenants[tenant].id;
    batch.tokens.push_back({tenant, from, {}});
  }
}

void World::resolve(int32_t number) {
  Pass &pass = passes[index(number)];
  addBatch(index(number));
  pass.batch = batches.size() - 1;
  moelora_stream *stream = streams[index(pass.stream)];
  const Batch &batch = batches.back();
  must(moelora_step_resolve(pass.step, stream, batch.ids.data(),
                            static_cast<int64_t>(batch.tokens.size()), nullptr,
                            nullptr));
  pass.lastPosition = askedOf(stream);
}

void World::run(int32_t number) {
  Pass &pass = passes[index(number)];
  moelora_stream *stream = streams[index(pass.stream)];
  RunParameters parameters = {this, *pass.batch};
  for (int part = 0; part < 2; ++part) // where it begins, and where it ends
    kernel->launch(stream, parameters);
  ++pass.runs;
  pass.lastPosition = askedOf(stream);
}

void World::replay(int32_t pass) {
  resolve(pass);
  run(pass);
}

/// The value that a token reads now: the first bytes of its image.
static uint64_t read(const moelora_step_view &view, size_t token) {
  int32_t slot = view.number[token];
  if (slot < 0)
    return base;
  return *reinterpret_cast<const uint64_t *>(addressOfWord(view.word[slot]));
}

void World::runReads(const RunParameters &run) {
  Batch &batch = batches[run.batch];
  const moelora_step_view &view =
      *moelora_step_view_of(passes[batch.pass].step);
  for (size_t token = 0; !closing && token < batch.tokens.size(); ++token)
    checkRead(batch.tokens[token], read(view, token), batch.outside);
}

void World::checkRead(Token &token, uint64_t read, bool outside) const {
  const Loaded &tenant = tenants[token.tenant];
  require(read != UINT64_MAX, "expects no run to read memory that was given "
                              "back");
  require(!outside || read == base, "expects base output outside of a step");
  require(read == base || tenantOf(read) == tenant.number,
          "expects an id to get its own adapter or none");
  if (!token.got)
    token.got = read;
  require(token.got == read,
          "expects all runs of a step to see one version of an adapter");
  if (outside)
    return;
  auto first =
      tenant.served.begin() + static_cast<long>(token.from.value_or(0));
  bool allowed =
      std::find(first, tenant.served.end(), read) != tenant.served.end();
  require(allowed || (!token.from && read == base),
          "expects a step to see what was published before it entered");
}
