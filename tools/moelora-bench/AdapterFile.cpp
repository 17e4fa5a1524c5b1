// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "AdapterFile.h"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <random>
#include <unistd.h>

namespace moelora::bench {

// ---- The layers

static const char *const block[] = {"mlp", nullptr};
static const char *const experts[] = {"experts", nullptr};
static const char *const gate[] = {"gate_proj", nullptr};
static const char *const up[] = {"up_proj", nullptr};
static const char *const down[] = {"down_proj", nullptr};
static const char *const packedGateUp[] = {"gate_up_proj", nullptr};

static const moelora_adapter_names *expertNames() {
  static const moelora_adapter_names names = [] {
    moelora_adapter_names made = {};
    made.block = block;
    made.experts = experts;
    made.gate = gate;
    made.up = up;
    made.down = down;
    made.packed_gate_up = packedGateUp;
    made.packed_down = down;
    made.blind_rule = MOELORA_BLIND_OUT_IN;
    return made;
  }();
  return &names;
}

Workload::Workload(int64_t layers, int64_t experts, int64_t hidden,
                   int64_t intermediate) {
  for (int64_t layer = 0; layer < layers; ++layer) {
    moelora_adapter_site site = {};
    site.size = sizeof site;
    site.layer = static_cast<int32_t>(layer);
    site.experts = static_cast<int32_t>(experts);
    site.hidden = hidden;
    site.intermediate = intermediate;
    site.gated = 1;
    site.names = expertNames();
    sites.push_back(site);
  }
}

moelora_adapter_target Workload::target() const {
  auto count = static_cast<int32_t>(sites.size());
  return {sizeof(moelora_adapter_target), count, sites.data(), count, 0};
}

uint64_t Workload::elementsOfRank() const {
  constexpr int64_t projections = 3;
  return static_cast<uint64_t>(layers() * site().experts * projections *
                               (site().hidden + site().intermediate));
}

Adapter Workload::makeDummy(int32_t rank) const {
  moelora_adapter_target names = target();
  moelora_adapter *made = nullptr;
  call(moelora_adapter_make_dummy, &names, rank, &made);
  return Adapter(made);
}

// ---- The files

namespace {

/// Names and shapes of a file; the values all come from one block of memory,
/// since nothing here depends on them.
class Tensors {
public:
  Tensors(const Workload &workload, FileForm form, int32_t rank, int32_t dtype)
      : site(workload.site()), rank(rank), dtype(dtype) {
    for (int64_t layer = 0; layer < workload.layers(); ++layer) {
      prefix = "base_model.model.model.layers." + std::to_string(layer) +
               ".mlp.experts.";
      if (form == FileForm::PerExpert)
        addExperts();
      else
        addPacked();
    }
  }

  uint64_t bytes() const { return total; }
  void write(const std::string &path);

private:
  struct Item {
    std::string name;
    int64_t rows, columns;
  };

  void addExperts() {
    for (int32_t expert = 0; expert < site.experts; ++expert) {
      std::string module = prefix + std::to_string(expert) + ".";
      for (const char *name : {*gate, *up})
        addPair(module + name + ".", 1, site.hidden, site.intermediate);
      addPair(module + *down + ".", 1, site.intermediate, site.hidden);
    }
  }

  void addPacked() {
    addPair(prefix + "base_layer.", site.experts, site.hidden,
            2 * site.intermediate);
    addPair(prefix, site.experts, site.intermediate, site.hidden);
  }

  void addPair(const std::string &module, int64_t count, int64_t in,
               int64_t out) {
    add({module + "lora_A.weight", count * rank, in});
    add({module + "lora_B.weight", out, count * rank});
  }

  void add(Item item) {
    uint64_t size = sizeOf(item);
    total += size;
    largest = std::max(largest, size);
    items.push_back(std::move(item));
  }

  uint64_t sizeOf(const Item &item) const {
    return static_cast<uint64_t>(item.rows * item.columns) *
           moelora_dtype_bytes(dtype);
  }

  /// Sign and mantissa are random, the magnitude lies in [2^-6, 2^-5); a word
  /// is one f32 or two bf16.
  std::vector<uint32_t> values() const {
    constexpr uint32_t signAndMantissa = 0x807fffff, exponent = 121u << 23;
    constexpr uint32_t both = 0x807f807f, bothExponents = 0x3c803c80;
    bool wide = dtype == MOELORA_F32;
    std::mt19937 random(1);
    std::vector<uint32_t> words(largest / sizeof(uint32_t) * 2 + 1);
    for (uint32_t &word : words) {
      auto bits = static_cast<uint32_t>(random());
      word = wide ? (bits & signAndMantissa) | exponent
                  : (bits & both) | bothExponents;
    }
    return words;
  }

  const moelora_adapter_site &site;
  int32_t rank, dtype;
  std::string prefix;
  std::vector<Item> items;
  uint64_t total = 0, largest = 0;
};

/// In the order of names, as libraries write them.
void Tensors::write(const std::string &path) {
  std::sort(items.begin(), items.end(),
            [](const Item &left, const Item &right) {
              return left.name < right.name;
            });
  std::vector<uint32_t> words = values();
  std::vector<moelora_tensor_data> list;
  for (const Item &item : items) {
    // Another part of the values for each, all inside twice the largest.
    size_t first = list.size() % (largest / sizeof(uint32_t) + 1);
    list.push_back({item.name.c_str(),
                    dtype,
                    2,
                    {item.rows, item.columns},
                    words.data() + first});
  }
  call(moelora_safetensors_write, path.c_str(), list.data(),
       static_cast<int64_t>(list.size()));
}

void writeConfig(const std::string &path, FileForm form, int32_t rank) {
  std::ofstream config(path);
  // Twice the rank, so that the scale is not 1.
  config << "{\"peft_type\": \"LORA\", \"peft_version\": \"0.19.1\", \"r\": "
         << rank << ", \"lora_alpha\": " << 2 * rank << ", ";
  if (form == FileForm::PerExpert)
    config << "\"target_modules\": [\"gate_proj\", \"up_proj\", \"down_proj\"]";
  else
    config << "\"target_modules\": [], \"target_parameters\": "
              "[\"mlp.experts.gate_up_proj\", \"mlp.experts.down_proj\"]";
  config << "}\n";
  if (!config.flush())
    throw std::runtime_error("cannot write " + path);
}

/// Brings a file to the disk, since writing back would go on while something is
/// timed, and has it read from there once, which is how files of adapters
/// mostly come into the page cache.
void settle(const std::string &path) {
  int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  bool done = file >= 0 && ::fsync(file) == 0 &&
              ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
  constexpr size_t step = 1 << 20;
  std::vector<char> buffer(step);
  ssize_t got = 1;
  while (done && got > 0)
    got = ::read(file, buffer.data(), step);
  if (file >= 0)
    ::close(file);
  if (!done || got < 0)
    throw std::runtime_error("cannot bring " + path + " to the disk and back");
}

} // namespace

uint64_t fileBytes(const Workload &workload, FileForm form, int32_t rank,
                   int32_t dtype) {
  return Tensors(workload, form, rank, dtype).bytes();
}

void writeAdapter(const std::string &folder, const Workload &workload,
                  FileForm form, int32_t rank, int32_t dtype) {
  std::string path = folder + "/adapter_model.safetensors";
  Tensors(workload, form, rank, dtype).write(path);
  writeConfig(folder + "/adapter_config.json", form, rank);
  settle(path);
}

TemporaryFolder::TemporaryFolder(const std::string &parent, uint64_t bytes) {
  uint64_t room = std::filesystem::space(parent).available;
  if (room < bytes)
    throw std::runtime_error("expects " + std::to_string(bytes) +
                             " bytes of room in " + parent + ", but it has " +
                             std::to_string(room));
  path = parent + "/moelora-bench-XXXXXX";
  if (!::mkdtemp(path.data()))
    throw std::runtime_error("cannot make a folder in " + parent);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

} // namespace moelora::bench
