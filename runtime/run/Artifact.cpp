// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Loading a compiled layer: is it one at all, of this version, for this CPU,
// and a layer that this runtime can serve.

#include "base/Failure.h"
#include "run/CpuFeatures.h"

#include "moelora/runtime/Artifact.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <limits>
#include <memory>

using namespace moelora;

namespace {

struct Unloader {
  void operator()(void *library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Unloader>;

} // namespace

struct moelora_artifact_file {
  Library library;
  const moelora_artifact *artifact;
};

namespace {

/// No dimension of a layer is larger, so that no product of them overflows:
/// 2048 experts * 2 * 2^24 * 2^24 * 4 bytes is 2^62.
constexpr int64_t LargestDimension = int64_t(1) << 24;
constexpr int32_t LargestSlots = 1 << MOELORA_SLOT_INDEX_BITS;

std::string text(int64_t number) { return std::to_string(number); }

void expectWithin(const char *what, int64_t value, int64_t low, int64_t high) {
  if (value < low || value > high)
    fail(std::string("expects ") + what + " of a compiled layer to be in [" +
         text(low) + ", " + text(high) + "], but it is " + text(value));
}

/// What dlopen says about other files is about linkers, not about layers.
void expectSharedObject(const std::string &path) {
  std::unique_ptr<FILE, int (*)(FILE *)> file(fopen(path.c_str(), "rb"),
                                              fclose);
  if (!file)
    fail("cannot open " + path + ": " + strerror(errno), MOELORA_IO);
  char magic[4] = {};
  if (fread(magic, 1, sizeof magic, file.get()) != sizeof magic ||
      memcmp(magic, "\177ELF", sizeof magic) != 0)
    fail("expects a compiled layer, but " + path + " is no shared object");
}

Library open(const std::string &path) {
  // Without a slash dlopen would look through the system's libraries.
  std::string place = path.find('/') == std::string::npos ? "./" + path : path;
  expectSharedObject(place);
  Library library(dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char *reason = dlerror();
    fail("cannot load " + path + ": " + (reason ? reason : "unknown reason"));
  }
  return library;
}

const moelora_artifact *query(const std::string &path, void *library) {
  auto ask =
      reinterpret_cast<moelora_query_fn>(dlsym(library, MOELORA_QUERY_SYMBOL));
  if (!ask)
    fail("expects a compiled layer, but " + path + " does not export " +
         MOELORA_QUERY_SYMBOL);
  const moelora_artifact *artifact = ask(MOELORA_ABI_VERSION);
  if (!artifact)
    fail("expects a compiled layer for version " + text(MOELORA_ABI_VERSION) +
             " of the ABI, but " + path + " cannot serve it; compile it again",
         MOELORA_UNSUPPORTED);
  return artifact;
}

/// Only the first fields may be read before this holds.
void checkVersion(const moelora_artifact &artifact) {
  if (artifact.magic != MOELORA_ABI_MAGIC)
    fail("expects a compiled layer, but its first bytes are wrong");
  if (artifact.abi_version != MOELORA_ABI_VERSION)
    fail("expects a compiled layer for version " + text(MOELORA_ABI_VERSION) +
             " of the ABI, but it has version " + text(artifact.abi_version) +
             "; compile it again",
         MOELORA_UNSUPPORTED);
  if (artifact.struct_size != sizeof(moelora_artifact))
    fail("expects the description of a compiled layer to have " +
         text(sizeof(moelora_artifact)) + " bytes, but it has " +
         text(artifact.struct_size));
}

void checkCpu(const moelora_artifact &artifact) {
  std::string missing = firstMissingFeature(artifact.cpu_features);
  if (!missing.empty())
    fail(std::string("the compiled layer ") + artifact.name + " needs " +
             missing + ", which this CPU does not have; compile with --cpu=...",
         MOELORA_UNSUPPORTED);
}

void checkTexts(const moelora_artifact &artifact) {
  if (!artifact.producer || !artifact.name || !artifact.target ||
      !artifact.cpu || !artifact.cpu_features)
    fail("expects a compiled layer to name its producer, layer, target, cpu "
         "and cpu features, but one of them is missing");
  if (strcmp(artifact.target, "cpu") != 0)
    fail(std::string("expects a layer compiled for cpu, but it is compiled "
                     "for ") +
             artifact.target,
         MOELORA_UNSUPPORTED);
}

/// A layer that is given ids and weights has no other router; one without
/// routed experts has not even that.
void checkGivenRouting(const moelora_router &router) {
  expectWithin("the number of experts", router.experts, 0,
               MOELORA_MAX_ROUTED_EXPERTS);
  expectWithin("top_k", router.top_k, 0, router.experts);
}

void checkGroups(const moelora_router &router) {
  int64_t experts = router.experts - router.always;
  expectWithin("the number of groups", router.groups, 1, experts);
  expectWithin("the number of groups kept", router.top_groups, 1,
               router.groups);
  if (experts % router.groups)
    fail("expects the number of groups to divide the number of experts, but "
         "groups is " +
         text(router.groups) + " and experts is " + text(experts));
  int64_t eligible = experts / router.groups * router.top_groups;
  if (router.top_k - router.always > eligible)
    fail("expects the kept groups to hold top_k experts, but top_k is " +
         text(router.top_k - router.always) + " and they hold " +
         text(eligible));
}

void checkRouter(const moelora_router &router) {
  expectWithin("the number of experts", router.experts, 1,
               MOELORA_MAX_ROUTED_EXPERTS);
  expectWithin("top_k", router.top_k, 1, router.experts);
  expectWithin("the number of always chosen experts", router.always, 0,
               router.table_rows ? 0 : router.top_k - 1);
  expectWithin("the number of rows of the token table", router.table_rows, 0,
               std::numeric_limits<int32_t>::max());
  for (int32_t type :
       {router.logit_type, router.score_type, router.weight_type})
    expectWithin("a rounding of the router", type, 0, MOELORA_BF16);
  checkGroups(router);
}

void checkAdapters(const moelora_artifact &artifact) {
  expectWithin("the number of slots", artifact.slots, 0, LargestSlots);
  if (artifact.slots == 0)
    return;
  expectWithin("the largest rank", artifact.max_rank, 1, LargestDimension);
  expectWithin("the adapters' element type", artifact.adapter_dtype,
               MOELORA_F32, MOELORA_BF16);
  expectWithin("the page order", artifact.page_order, MOELORA_PAGE_ROW_MAJOR,
               MOELORA_PAGE_ROW_MAJOR);
}

void checkLayer(const moelora_artifact &artifact) {
  const moelora_layer &layer = artifact.layer;
  expectWithin("the element type", layer.dtype, MOELORA_F32, MOELORA_BF16);
  expectWithin("the hidden size", layer.hidden, 1, LargestDimension);
  expectWithin("the intermediate size", layer.intermediate, 0,
               LargestDimension);
  expectWithin("the shared expert's size", layer.shared, 0, LargestDimension);
  expectWithin("the latent size", layer.latent, 0, LargestDimension);
  if (artifact.run || artifact.run_from_logits)
    checkRouter(layer.router);
  else
    checkGivenRouting(layer.router);
  if (artifact.run)
    expectWithin("the router's element type", layer.router_dtype, MOELORA_F32,
                 MOELORA_BF16);
  expectWithin("the number of zero experts", layer.zero_experts, 0,
               layer.router.experts);
  checkAdapters(artifact);
  if (!artifact.run_from_ids || !artifact.workspace_bytes)
    fail("expects a compiled layer to take expert ids and to tell its "
         "workspace, but a function is missing");
}

void check(const moelora_artifact &artifact) {
  checkVersion(artifact);
  checkTexts(artifact);
  checkLayer(artifact);
  checkCpu(artifact);
}

} // namespace

moelora_status moelora_artifact_load(const char *path,
                                     moelora_artifact_file **file,
                                     moelora_error **error) {
  return guarded(error, [&] {
    Library library = open(path);
    const moelora_artifact *artifact = query(path, library.get());
    check(*artifact);
    *file = new moelora_artifact_file{std::move(library), artifact};
  });
}

void moelora_artifact_close(moelora_artifact_file *file) { delete file; }

const moelora_artifact *moelora_artifact_of(const moelora_artifact_file *file) {
  return file->artifact;
}

moelora_status moelora_artifact_check(const moelora_artifact *artifact,
                                      moelora_error **error) {
  return guarded(error, [&] { check(*artifact); });
}
