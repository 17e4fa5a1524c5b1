// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Case.h"

#include <sstream>

namespace moelora::differential {

std::string describe(const Case &c) {
  const moelora_layer &layer = c.layer;
  const moelora_router &router = layer.router;
  const char *types[] = {"", "f32", "f16", "bf16"};
  const char *entries[] = {"all", "logits", "ids"};
  std::ostringstream text;
  auto note = [&](const char *name, auto value) {
    if (value)
      text << ' ' << name << ' ' << value;
  };
  text << types[layer.dtype] << " E " << router.experts << " k " << router.top_k
       << " H " << layer.hidden << " I " << layer.intermediate << " T "
       << c.tokens << " from " << entries[c.entry];
  note("slots", c.options.slots);
  note("max_rank", c.options.slots ? c.options.maxRank : 0);
  note("shares_a", c.options.slots && c.options.sharesA);
  for (int64_t tile : c.tiles)
    note("tile", tile);
  note("unfused", c.strategy == Strategy::UnfusedPeer);
  note("own_plan", !c.planInConsumer);
  note("latent", layer.latent);
  note("shared", layer.shared);
  note("zero", layer.zero_experts);
  note("on_input", layer.weight_on_input);
  note("biases", layer.biases);
  note("router_input", layer.router_input);
  note("router_norm", layer.router_norm.present);
  note("output_norm", layer.output_norm.present);
  note("score", router.score);
  note("always", router.always);
  note("bias_on", router.bias_on);
  note("groups", router.groups > 1 ? router.groups : 0);
  note("table", router.table_rows);
  note("renormalize", router.renormalize);
  return text.str();
}

} // namespace moelora::differential
