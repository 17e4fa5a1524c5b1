/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The places of pairs.
 */
#include "adapter/AdapterPairs.h"

#include "adapter/AdapterName.h"
#include "base/Failure.h"

#include <algorithm>
#include <unordered_map>

using namespace moelora;

namespace {

/// Remembers which tensors have values other than zero. Each tensor is read
/// once.
class Values {
public:
  explicit Values(const CheckpointFiles &files) : files(files) {}

  bool in(int64_t tensor) {
    if (tensor < 0)
      return false;
    auto [known, added] = found.try_emplace(tensor, false);
    if (added)
      known->second = look(tensor);
    return known->second;
  }

private:
  bool look(int64_t tensor) {
    const Tensor &from = files.at(tensor);
    size_t element = moelora_dtype_bytes(from.dtype);
    // In most tensors, one of the first values is not zero.
    uint64_t bytes = 0;
    for (uint64_t at = 0; at < from.bytes; at += bytes) {
      bytes = std::min(from.bytes - at, at ? most : least);
      buffer.resize(bytes);
      files.read(tensor, at, bytes, buffer.data());
      if (std::any_of(buffer.begin(), buffer.end(), [](char c) { return c; }) &&
          hasValue(element))
        return true;
    }
    return false;
  }

  /// Zeros may have a sign, which is the highest bit of an element's last byte.
  bool hasValue(size_t element) const {
    for (size_t i = 0; i < buffer.size(); ++i)
      if (buffer[i] & (i % element == element - 1 ? 0x7f : 0xff))
        return true;
    return false;
  }

  static constexpr uint64_t least = 1 << 12, most = 1 << 20;
  const CheckpointFiles &files;
  std::vector<char> buffer;
  std::unordered_map<int64_t, bool> found;
};

} // namespace

bool moelora::hasEffect(const CheckpointFiles &files,
                        const AdapterBinding &binding) {
  Values values(files);
  for (const AdapterSite &site : binding.sites)
    for (const auto &pairs : site.pairs)
      for (const AdapterPair &pair : pairs)
        if (pair.rank != 0 && pair.scale != 0 && values.in(pair.b.tensor) &&
            values.in(pair.a.tensor))
          return true;
  return false;
}

PairSizes moelora::pairSizes(const moelora_adapter_site &site,
                             int32_t projection) {
  int64_t routed = site.latent ? site.latent : site.hidden;
  switch (projection) {
  case MOELORA_DOWN:
    return {site.intermediate, routed};
  case MOELORA_ROUTER:
    return {site.hidden, site.logits ? site.logits : site.experts};
  case MOELORA_SHARED_GATE:
  case MOELORA_SHARED_UP:
    return {site.hidden, site.shared};
  case MOELORA_SHARED_DOWN:
    return {site.shared, site.hidden};
  case MOELORA_SHARED_SCORE:
    return {site.hidden, 1};
  case MOELORA_LATENT_IN:
    return {site.hidden, site.latent};
  case MOELORA_LATENT_OUT:
    return {site.latent, site.hidden};
  default:
    return {routed, site.intermediate};
  }
}

/// The names that AdapterName.cpp recognises, by projection.
uint64_t moelora::takenProjections(const moelora_adapter_site &site) {
  const moelora_adapter_names &names = *site.names;
  bool gated = site.gated != 0, latent = site.latent > 0;
  bool routed = names.experts || names.packed_modules;
  bool shared = site.shared > 0 && names.shared;
  bool both = gated && names.shared_gate_up;
  const bool taken[MOELORA_PROJECTIONS] = {
      routed && gated, // gate, up, down
      routed,
      routed,
      names.router != nullptr,
      shared && ((gated && names.shared_gate) || both), // shared gate, up, down
      shared && (names.shared_up || both),
      shared && names.shared_down,
      site.shared > 0 && names.shared_score,
      latent && names.latent_in, // latent in, out
      latent && names.latent_out};
  uint64_t bits = 0;
  for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p)
    bits |= uint64_t(taken[p]) << p;
  return bits;
}

void moelora::addPair(AdapterBinding &binding,
                      const moelora_adapter_target &target, size_t site,
                      int32_t projection, int32_t expert, AdapterPair pair,
                      std::string_view module) {
  auto &pairs = binding.sites[site].pairs[static_cast<size_t>(projection)];
  if (pairs.empty())
    pairs.resize(isRouted(projection)
                     ? static_cast<size_t>(target.site[site].experts)
                     : 1);
  AdapterPair &place = pairs[static_cast<size_t>(expert)];
  if (place.rank != 0)
    fail("expects one pair for each projection of an expert, but '" +
         std::string(module) + "' is the second one for its place");
  place = pair;
}
