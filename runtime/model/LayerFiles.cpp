/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Reads layers.json:
 *
 *     {"model_type": "qwen3_moe",
 *      "layers": {"0": {"file": "layer-0.so",
 *                       "digest": "0123456789abcdef0123456789abcdef"}}}
 */
#include "model/LayerFiles.h"

#include "base/Failure.h"
#include "device/Handles.h"
#include "files/File.h"
#include "files/JsonTree.h"

using namespace moelora;

namespace {

constexpr uint64_t maxIndexBytes = 16 << 20;

std::string hexOf(const uint8_t (&digest)[MOELORA_DIGEST_BYTES]) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (uint8_t byte : digest)
    text += {digits[byte >> 4], digits[byte & 15]};
  return text;
}

/// The name of a file in the folder of the index, and no path.
void checkName(const std::string &index, const JsonValue &file) {
  const std::string &name = file.string;
  if (file.kind != JsonValue::String || name.empty() || name[0] == '.' ||
      name.find('/') != std::string::npos ||
      name.find('\0') != std::string::npos)
    fail(index + ": expects layers to name files beside it");
}

int32_t numberOf(const std::string &index, const std::string &key) {
  constexpr size_t mostDigits = 6;
  if (key.empty() || key.size() > mostDigits ||
      key.find_first_not_of("0123456789") != std::string::npos)
    fail(index + ": expects layers to be numbers, but one is '" + key + "'");
  return std::stoi(key);
}

} // namespace

LayerFiles::LayerFiles(std::string given)
    : path(std::move(given)), single(!isFolder(path)) {
  if (!single)
    readIndex(path + "/layers.json");
}

void LayerFiles::readIndex(const std::string &index) {
  Work work;
  JsonValue tree = parseJsonTree(readText(index, maxIndexBytes), index, work);
  const JsonValue *layers = tree.find("layers");
  if (!layers || layers->kind != JsonValue::Object)
    fail(index + ": expects an object `layers`, but there is none");
  for (const auto &[key, entry] : layers->members) {
    const JsonValue *file = entry.find("file"), *digest = entry.find("digest");
    if (!file || !digest)
      fail(index + ": expects layer " + key +
           " to have a file and a digest, but one of them is missing");
    checkName(index, *file);
    listedOf[numberOf(index, key)] = {path + "/" + file->string,
                                      digest->string};
  }
}

const moelora_artifact &LayerFiles::artifactOf(int32_t layer) {
  if (single)
    return load({path, ""});
  auto listed = listedOf.find(layer);
  if (listed == listedOf.end())
    fail("expects " + path + "/layers.json to name an artifact for layer " +
         std::to_string(layer) + ", but it names none");
  return load(listed->second);
}

const moelora_artifact &LayerFiles::load(const Listed &listed) {
  File &file = files[listed.file];
  if (!file) {
    moelora_artifact_file *loaded = nullptr;
    moelora_error *error = nullptr;
    moelora_status status =
        moelora_artifact_load(listed.file.c_str(), &loaded, &error);
    if (status != MOELORA_OK)
      failWith(status, error);
    file.reset(loaded);
  }
  uint8_t digest[MOELORA_DIGEST_BYTES];
  moelora_artifact_digest(file.get(), digest);
  if (!listed.digest.empty() && hexOf(digest) != listed.digest)
    fail("expects " + listed.file + " to have the digest " + listed.digest +
         " of layers.json, but it has " + hexOf(digest));
  if (moelora_artifact_count(file.get()) != 1)
    fail("expects one layer in " + listed.file + ", but it has " +
         std::to_string(moelora_artifact_count(file.get())));
  return *moelora_artifact_of(file.get(), 0);
}
