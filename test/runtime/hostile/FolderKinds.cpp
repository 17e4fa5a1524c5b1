/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Other objects in place of the files of an adapter.
 */
#include "Kinds.h"

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace moelora::test {

namespace fs = std::filesystem;

constexpr const char *weights = "adapter_model.safetensors";
constexpr const char *settings = "adapter_config.json";

/// One of the two files, at random.
static std::string either(const Folder &folder, Random &random) {
  return folder / (below(random, 2) ? weights : settings);
}

static bool linkTo(const std::string &path, const std::string &target) {
  fs::remove(path);
  return fs::create_symlink(target, path), true;
}

/// The file under another name, and a link in its place.
static bool linkBeside(const Folder &folder, Random &random) {
  std::string path = either(folder, random);
  fs::rename(path, path + ".real");
  std::string name = fs::path(path).filename().string() + ".real";
  return linkTo(path, below(random, 2) ? name : path + ".real");
}

static bool pipe(const Folder &folder, Random &random) {
  std::string path = either(folder, random);
  fs::remove(path);
  return ::mkfifo(path.c_str(), 0600) == 0;
}

static bool folderInPlace(const Folder &folder, Random &random) {
  std::string path = either(folder, random);
  fs::remove(path);
  return fs::create_directory(path);
}

/// The file is not readable, but the folder is.
static bool unreadable(const Folder &folder, Random &random) {
  fs::permissions(folder.path, fs::perms(0755));
  for (const char *name : {weights, settings})
    fs::permissions(folder / name, fs::perms(0644));
  fs::permissions(either(folder, random), fs::perms::none);
  return true;
}

/// A terabyte that takes no place on the disk.
static bool sparse(const Folder &folder, Random &random) {
  uint64_t size = (uint64_t(1) << 40) - below(random, 4096);
  return ::truncate((folder / weights).c_str(), static_cast<off_t>(size)) == 0;
}

/// 32 GiB of holes are a tensor of another part of the model, never read.
static bool sparseElsewhere(const Folder &folder, Random &) {
  std::string file = folder.read(weights);
  size_t start = sizeof(uint64_t) + statedLength(file);
  std::string header = file.substr(sizeof(uint64_t), statedLength(file) - 1);
  constexpr uint64_t huge = uint64_t(32) << 30;
  uint64_t data = file.size() - start;
  Entry entry = {inLayer(1, "self_attn.q_proj.lora_A.weight"),
                 "F32",
                 {1 << 16, 1 << 17},
                 data,
                 data + huge};
  std::string whole =
      putTogether(header + "," + describe(entry) + "}", file.substr(start));
  folder.write(weights, whole);
  return ::truncate((folder / weights).c_str(),
                    static_cast<off_t>(whole.size() + huge)) == 0;
}

static const std::vector<Kind> kinds = {
    {"file missing", MOELORA_IO, "cannot open",
     [](const Folder &f, Random &r) { return fs::remove(either(f, r)); }},
    {"link to the file", MOELORA_OK, "", linkBeside},
    {"link to nothing", MOELORA_IO, "cannot open",
     [](const Folder &f, Random &r) { return linkTo(either(f, r), "nobody"); }},
    {"link to itself", MOELORA_IO, "cannot open",
     [](const Folder &f, Random &r) {
       std::string path = either(f, r);
       return linkTo(path, path);
     }},
    {"path through a file", MOELORA_IO, "cannot open",
     [](const Folder &f, Random &) {
       return linkTo(f / weights, std::string(settings) + "/x");
     }},
    {"link to a device", MOELORA_IO, "to be a regular file",
     [](const Folder &f, Random &r) {
       return linkTo(either(f, r),
                     oneOf(r, {"/dev/zero", "/dev/null", "/dev/full"}));
     }},
    {"folder in place of a file", MOELORA_IO, "but it is a folder",
     folderInPlace},
    {"pipe in place of a file", MOELORA_IO, "to be a regular file", pipe},
    {"file that may not be read", MOELORA_IO, "cannot open", unreadable,
     When::Unprivileged},
    {"sparse file", MOELORA_INVALID, "bytes at its end", sparse},
    {"sparse tensor of another part", MOELORA_OK, "", sparseElsewhere},
    {"empty configuration", MOELORA_INVALID, "expects JSON",
     [](const Folder &f, Random &) { return f.write(settings, ""), true; }},
    {"huge configuration", MOELORA_INVALID, "to have at most",
     [](const Folder &f, Random &r) {
       off_t size = (16 << 20) + 1 + static_cast<off_t>(below(r, 1 << 30));
       return ::truncate((f / settings).c_str(), size) == 0;
     }},
    {"any byte of the configuration changed", anyAnswer, "",
     [](const Folder &f, Random &r) {
       std::string text = f.read(settings);
       text[below(r, text.size())] = static_cast<char>(r());
       return f.write(settings, text), true;
     },
     When::AtRest, Content::Any},
};

const std::vector<Kind> &folderKinds() { return kinds; }

} // namespace moelora::test
