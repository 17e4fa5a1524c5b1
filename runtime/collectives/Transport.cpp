/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Opens transports of plug-ins, and checks transports that callers provide.
 */
#include "moelora/runtime/Transport.h"

#include "base/Sized.h"
#include "device/Handles.h"
#include "device/Openers.h"

#include <string_view>

using namespace moelora;

namespace {

void checkFunctions(const moelora_transport &transport) {
  const struct {
    const char *name;
    bool present;
  } functions[] = {
      {"all_gather_v", transport.all_gather_v != nullptr},
      {"all_to_all_v", transport.all_to_all_v != nullptr},
      {"split", transport.split != nullptr},
      {"abort", transport.abort != nullptr},
      {"close", transport.close != nullptr},
  };
  for (const auto &function : functions)
    if (!function.present)
      fail(std::string("expects a transport to have all functions, but ") +
           function.name + " is NULL");
}

void check(const moelora_transport *transport) {
  expectThere(transport, "a transport");
  if (transport->version != MOELORA_TRANSPORT_VERSION)
    fail("expects a transport of version " +
         std::to_string(MOELORA_TRANSPORT_VERSION) + ", but it is of version " +
         std::to_string(transport->version));
  if (transport->size != sizeof *transport)
    fail("expects the struct of a transport to have " +
         std::to_string(sizeof *transport) + " bytes, but it has " +
         std::to_string(transport->size));
  if (!transport->name)
    fail("expects a transport to have a name, but it is NULL");
  if (transport->rank < 0 || transport->rank >= transport->ranks)
    fail("expects the peer rank of a transport to be below the number of "
         "ranks, but they are " +
         std::to_string(transport->rank) + " and " +
         std::to_string(transport->ranks));
  checkFunctions(*transport);
}

/// The file of the plug-in with this name.
std::string fileOf(const std::string &name) {
  if (name.find('/') != std::string::npos)
    return name;
  if (name == "mpi" || name == "mpich" || name == "openmpi")
    return pluginFile(name);
  fail("expects a transport to be called mpi, mpich, openmpi or the path of a "
       "plug-in, but it is \"" +
       name + "\"");
}

const moelora_transport *open(const std::string &name) {
  size_t colon = name.find(':');
  std::string options =
      colon == std::string::npos ? "" : name.substr(colon + 1);
  auto entry = reinterpret_cast<moelora_transport_plugin_function>(pluginEntry(
      fileOf(name.substr(0, colon)), "moelora_transport_plugin", "transport"));
  const moelora_transport *transport = nullptr;
  moelora_error *error = nullptr;
  if (moelora_status status =
          entry(MOELORA_TRANSPORT_VERSION, options.c_str(), &transport, &error))
    failWith(status, error);
  check(transport);
  return transport;
}

} // namespace

moelora_status moelora_transport_check(const moelora_transport *transport,
                                       moelora_error **error) {
  return guarded(error, [&] { check(transport); });
}

void moelora_transport_close(const moelora_transport *transport) {
  if (transport)
    transport->close(transport->context);
}

moelora_status moelora_transport_open(const char *name,
                                      const moelora_transport **transport,
                                      moelora_error **error) {
  return guarded(error, [&] {
    expectThere(name, "the name of a transport");
    expectThere(transport, "a place for the transport");
    *transport = open(name);
  });
}
