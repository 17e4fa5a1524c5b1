/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Loads, queries and closes files of artifacts.
 */
#include "run/Artifact.h"
#include "base/Failure.h"
#include "run/Description.h"
#include "run/seal/SealedFile.h"

#include <algorithm>
#include <dlfcn.h>
#include <memory>
#include <mutex>
#include <vector>

using namespace moelora;

static_assert(sizeof(Digest::Bytes) == MOELORA_DIGEST_BYTES,
              "what the C interface copies");

namespace {

struct Unloader {
  void operator()(void *library) const { dlclose(library); }
};
using Library = std::unique_ptr<void, Unloader>;

} // namespace

struct moelora_artifact_file {
  explicit moelora_artifact_file(const std::string &path);

  bool has(const moelora_artifact *artifact) const {
    return std::find(artifacts.begin(), artifacts.end(), artifact) !=
           artifacts.end();
  }

  SealedFile sealed;
  Library library;
  std::vector<const moelora_artifact *> artifacts;
  int64_t uses = 0; ///< guarded by `loaded`
};

namespace {

/// All loaded files, to find the file of an artifact.
struct Loaded {
  std::mutex mutex;
  std::vector<moelora_artifact_file *> files;
};

Loaded &loaded() {
  static Loaded all;
  return all;
}

/// The largest number of layers of one file, so that the loop over them ends.
constexpr size_t mostArtifacts = 65536;

Library load(const std::string &path, const std::string &place) {
  Library library(dlopen(place.c_str(), RTLD_NOW | RTLD_LOCAL));
  if (!library) {
    const char *reason = dlerror();
    fail("cannot load " + path + ": " + (reason ? reason : "unknown reason"));
  }
  return library;
}

std::vector<const moelora_artifact *> queryAll(const std::string &path,
                                               void *library) {
  auto ask = reinterpret_cast<moelora_query_function>(
      dlsym(library, MOELORA_QUERY_SYMBOL));
  if (!ask)
    fail("expects a compiled layer, but " + path + " does not export " +
         MOELORA_QUERY_SYMBOL);
  std::vector<const moelora_artifact *> all;
  while (const moelora_artifact *artifact =
             ask(MOELORA_ABI_VERSION, static_cast<uint32_t>(all.size()))) {
    if (all.size() == mostArtifacts)
      fail("expects at most " + std::to_string(mostArtifacts) +
           " layers in a file, but " + path + " has more");
    all.push_back(artifact);
  }
  if (all.empty())
    fail("expects a compiled layer for version " +
             std::to_string(MOELORA_ABI_VERSION) + " of the ABI, but " + path +
             " cannot serve it; compile it again",
         MOELORA_UNSUPPORTED);
  return all;
}

} // namespace

moelora_artifact_file::moelora_artifact_file(const std::string &path)
    : sealed(path), library(load(path, sealed.name())),
      artifacts(queryAll(path, library.get())) {
  for (const moelora_artifact *artifact : artifacts)
    checkDescription(*artifact);
}

ArtifactUse::ArtifactUse(const moelora_artifact &artifact) : file(nullptr) {
  std::lock_guard<std::mutex> lock(loaded().mutex);
  for (moelora_artifact_file *each : loaded().files)
    if (each->has(&artifact))
      file = each;
  if (file)
    ++file->uses;
}

ArtifactUse::~ArtifactUse() {
  std::lock_guard<std::mutex> lock(loaded().mutex);
  if (file)
    --file->uses;
}

moelora_status moelora_artifact_seal(const char *path, moelora_error **error) {
  return guarded(error, [&] {
    if (!path)
      fail("expects the path of a shared object, but it is null");
    appendSeal(path);
  });
}

moelora_status moelora_artifact_load(const char *path,
                                     moelora_artifact_file **file,
                                     moelora_error **error) {
  return guarded(error, [&] {
    if (!path || !file)
      fail("expects a path and a place for the file, but one of them is null");
    auto opened = std::make_unique<moelora_artifact_file>(path);
    std::lock_guard<std::mutex> lock(loaded().mutex);
    loaded().files.push_back(opened.get());
    *file = opened.release();
  });
}

moelora_status moelora_artifact_close(moelora_artifact_file *file,
                                      moelora_error **error) {
  return guarded(error, [&] {
    std::unique_ptr<moelora_artifact_file> closing;
    if (!file)
      return;
    std::lock_guard<std::mutex> lock(loaded().mutex);
    if (file->uses > 0)
      fail("expects a file that nothing is made of any more, but there are " +
               std::to_string(file->uses) + " programs of it",
           MOELORA_BUSY);
    auto &files = loaded().files;
    files.erase(std::remove(files.begin(), files.end(), file), files.end());
    closing.reset(file);
  });
}

int32_t moelora_artifact_count(const moelora_artifact_file *file) {
  return file ? static_cast<int32_t>(file->artifacts.size()) : -1;
}

const moelora_artifact *moelora_artifact_of(const moelora_artifact_file *file,
                                            int32_t index) {
  bool there = index >= 0 && index < moelora_artifact_count(file);
  return there ? file->artifacts[static_cast<size_t>(index)] : nullptr;
}

moelora_status moelora_artifact_digest(const moelora_artifact_file *file,
                                       uint8_t digest[MOELORA_DIGEST_BYTES]) {
  if (!file || !digest)
    return MOELORA_INVALID;
  std::copy(file->sealed.digest().begin(), file->sealed.digest().end(), digest);
  return MOELORA_OK;
}

moelora_status moelora_artifact_check(const moelora_artifact *artifact,
                                      moelora_error **error) {
  return guarded(error, [&] {
    if (!artifact)
      fail("expects an artifact, but it is null");
    checkDescription(*artifact);
  });
}
