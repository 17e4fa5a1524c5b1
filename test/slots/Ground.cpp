/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include "Ground.h"

#include <stdexcept>

using namespace moelora::test;

namespace {

TestDeviceOptions options() {
  TestDeviceOptions options;
  options.hostVisible = true; // adapters are written in place
  options.freed = TestFreed::Reused;
  options.arenaBytes = 1 << 20;
  options.patience = 0; // what waits for ever is an error
  return options;
}

/// A matrix of four numbers.
moelora_adapter *smallest() {
  moelora_adapter *adapter = nullptr;
  if (moelora_adapter_make_dummy(&Ground::target(), 1, &adapter, nullptr) !=
      MOELORA_OK)
    throw std::runtime_error("expects an adapter");
  return adapter;
}

const char *const block[] = {"mlp", nullptr};
const char *const router[] = {"gate", nullptr};

moelora_adapter_names namesOfTheModel() {
  moelora_adapter_names names = {};
  names.block = block;
  names.experts = block;
  names.router = router;
  return names;
}

moelora_adapter_site onlySite() {
  static const moelora_adapter_names names = namesOfTheModel();
  moelora_adapter_site site = {};
  site.size = sizeof site;
  site.experts = 2;
  site.hidden = 2;
  site.intermediate = 2;
  site.names = &names;
  return site;
}

} // namespace

const moelora_adapter_target &Ground::target() {
  static const moelora_adapter_site site = onlySite();
  static const moelora_adapter_target target = {sizeof target, 1, &site, 1, 0};
  return target;
}

Ground::Ground()
    : device(options()), adapter(smallest(), moelora_adapter_close) {}
