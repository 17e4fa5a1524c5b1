/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Lays an adapter out in memory, then fills it from the file.
 */
#include "SlotPages.h"

#include "Failure.h"

#include <algorithm>
#include <optional>
#include <sys/mman.h>

using namespace moelora;

namespace {

constexpr int64_t pageRanks = MOELORA_PAGE_RANKS;
constexpr uint64_t pageAlignment = 64; // promised by moelora_pair

/// Rows of a packed tensor that are spread over all experts at a time, so that
/// they stay in the caches meanwhile (64 rows of 128 experts x 16 ranks in f32
/// are 512 KB).
constexpr int64_t packedRows = 64;

int64_t pagesOf(const AdapterPair &pair) {
  return (pair.rank + pageRanks - 1) / pageRanks;
}

/// The pairs of one layer and projection, and where they go.
struct Group {
  int32_t layer;
  int32_t projection;
  const std::vector<AdapterPair> *pairs;
  uint64_t entries;           ///< offset of their moelora_pair array
  std::vector<uint64_t> a, b; ///< offsets of their pages
};

struct Plan {
  uint64_t bytes = 0;
  std::vector<Group> groups;

  uint64_t reserve(uint64_t size) {
    uint64_t offset = bytes;
    bytes += (size + pageAlignment - 1) / pageAlignment * pageAlignment;
    return offset;
  }
};

void checkRank(const AdapterPair &pair, int32_t layer,
               const PageFormat &format) {
  if (pair.rank > format.maxRank)
    fail("expects the rank of every pair to be at most max_rank, but a pair of "
         "layer " +
         std::to_string(layer) + " has rank " + std::to_string(pair.rank) +
         " and max_rank is " + std::to_string(format.maxRank));
}

void placePages(Group &group, Plan &plan, const PageFormat &format) {
  uint64_t size = moelora_file_dtype_bytes(format.dtype);
  for (const AdapterPair &pair : *group.pairs) {
    checkRank(pair, group.layer, format);
    uint64_t ranks = static_cast<uint64_t>(pagesOf(pair) * pageRanks) * size;
    // UP finds A where GATE has it.
    bool borrows = pair.sharesA && group.projection == MOELORA_UP;
    group.a.push_back(
        borrows ? 0 : plan.reserve(ranks * static_cast<uint64_t>(pair.in)));
    group.b.push_back(plan.reserve(ranks * static_cast<uint64_t>(pair.out)));
  }
}

/// The one place that knows sizes and offsets.
Plan planPages(const moelora_adapter &adapter, const PageFormat &format) {
  const AdapterBinding &binding = adapter.binding;
  Plan plan;
  plan.reserve(sizeof(moelora_adapter_index));
  plan.reserve(sizeof(moelora_adapter_layer) *
               static_cast<uint64_t>(binding.layers));
  for (const AdapterSite &site : binding.sites)
    for (int32_t p = 0; p < MOELORA_PROJECTIONS; ++p) {
      const auto &pairs = site.pairs[static_cast<size_t>(p)];
      if (!pairs.empty() && format.keeps(site.layer))
        plan.groups.push_back(
            {site.layer,
             p,
             &pairs,
             plan.reserve(sizeof(moelora_pair) * pairs.size()),
             {},
             {}});
    }
  for (Group &group : plan.groups)
    placePages(group, plan, format);
  return plan;
}

/// Fills planned memory.
class Stager {
public:
  Stager(const moelora_adapter &adapter, const PageFormat &format,
         const Memory &memory)
      : files(adapter.files), format(format), memory(memory) {}

  void index(int32_t layers) const {
    uint64_t first = pageAlignment; // the index takes one unit of alignment
    static_assert(sizeof(moelora_adapter_index) <= pageAlignment);
    *at<moelora_adapter_index>(0) = {static_cast<uint32_t>(layers), 0,
                                     at<moelora_adapter_layer>(first)};
  }

  /// `gate` is the group of GATE in the same layer, when this one borrows.
  void pairs(const Group &group, const Group *gate) const {
    moelora_pair *entries = at<moelora_pair>(group.entries);
    for (size_t e = 0; e < group.pairs->size(); ++e) {
      const AdapterPair &pair = (*group.pairs)[e];
      if (pair.rank == 0)
        continue;
      bool borrows = pair.sharesA && group.projection == MOELORA_UP;
      entries[e].a = memory.data() + (borrows ? gate->a[e] : group.a[e]);
      entries[e].b = memory.data() + group.b[e];
      entries[e].pages = static_cast<uint32_t>(pagesOf(pair));
      entries[e].rank = static_cast<uint32_t>(pair.rank);
      entries[e].scale = static_cast<float>(pair.scale);
      entries[e].shares_a = borrows;
    }
    auto *layers = const_cast<moelora_adapter_layer *>(
        at<moelora_adapter_index>(0)->layer);
    layers[group.layer].projection[group.projection] = entries;
  }

  void pages(const Group &group) {
    const std::vector<AdapterPair> &pairs = *group.pairs;
    // Pairs of one group are all packed or all plain.
    auto first = std::find_if(pairs.begin(), pairs.end(),
                              [](const AdapterPair &p) { return p.rank; });
    bool borrows = first->sharesA && group.projection == MOELORA_UP;
    if (!borrows)
      inBlocks(first->a.column == 1, first->in, [&](int64_t from, int64_t n) {
        for (size_t e = 0; e < pairs.size(); ++e)
          if (pairs[e].rank)
            copyA(pairs[e], memory.data() + group.a[e], from, n);
      });
    inBlocks(first->b.column == 1, first->out, [&](int64_t from, int64_t n) {
      for (size_t e = 0; e < pairs.size(); ++e)
        if (pairs[e].rank)
          copyB(pairs[e], memory.data() + group.b[e], from, n);
    });
  }

private:
  template <typename T> T *at(uint64_t offset) const {
    return reinterpret_cast<T *>(memory.data() + offset);
  }

  /// Covers [0, size), at once where a matrix lies together in its tensor.
  template <typename Body>
  static void inBlocks(bool together, int64_t size, Body body) {
    int64_t step = together ? size : packedRows;
    for (int64_t from = 0; from < size; from += step)
      body(from, std::min(step, size - from));
  }

  uint64_t elementBytes() const {
    return moelora_file_dtype_bytes(format.dtype);
  }

  /// Inputs [from, from + n) of all ranks.
  void copyA(const AdapterPair &pair, char *page, int64_t from, int64_t n) {
    char *to = page + static_cast<uint64_t>(from) * elementBytes();
    load(inputs, pair.a.tensor)
        .copy(pair.a, {0, pair.rank, from, n}, {to, format.dtype, pair.in, 1});
  }

  /// Outputs [from, from + n) of all ranks, 16 ranks to a page.
  void copyB(const AdapterPair &pair, char *page, int64_t from, int64_t n) {
    const StoredMatrix &stored = load(outputs, pair.b.tensor);
    for (int64_t rank = 0; rank < pair.rank; rank += pageRanks) {
      int64_t element = rank * pair.out + from * pageRanks;
      char *to = page + static_cast<uint64_t>(element) * elementBytes();
      stored.copy(pair.b,
                  {from, n, rank, std::min(pageRanks, pair.rank - rank)},
                  {to, format.dtype, pageRanks, 1});
    }
  }

  /// The last tensor read for this purpose: packed pairs share one.
  struct Cache {
    int64_t tensor = -1;
    std::optional<StoredMatrix> stored;
  };
  const StoredMatrix &load(Cache &cache, int64_t tensor) {
    if (cache.tensor != tensor) {
      uint64_t elements = files.tensors()[static_cast<size_t>(tensor)].elements;
      cache.stored.reset();
      cache.stored.emplace(files, MatrixView{tensor, 0, 0, 1}, 1,
                           static_cast<int64_t>(elements));
      cache.tensor = tensor;
    }
    return *cache.stored;
  }

  const CheckpointFiles &files;
  const PageFormat &format;
  const Memory &memory;
  Cache inputs, outputs;
};

} // namespace

Memory::Memory(uint64_t bytes) : bytes(bytes) {
  void *mapped = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED)
    throw std::bad_alloc();
  start = static_cast<char *>(mapped);
#ifdef MADV_HUGEPAGE
  ::madvise(mapped, bytes, MADV_HUGEPAGE); // a wish; its refusal is harmless
#endif
}

Memory::Memory(Memory &&other) noexcept
    : start(std::exchange(other.start, nullptr)),
      bytes(std::exchange(other.bytes, 0)) {}

Memory &Memory::operator=(Memory &&other) noexcept {
  std::swap(start, other.start);
  std::swap(bytes, other.bytes);
  return *this;
}

Memory::~Memory() {
  if (start)
    ::munmap(start, bytes);
}

bool PageFormat::keeps(int32_t layer) const {
  return allLayers || std::binary_search(layers.begin(), layers.end(), layer);
}

uint64_t moelora::stagedBytes(const moelora_adapter &adapter,
                              const PageFormat &format) {
  return planPages(adapter, format).bytes;
}

Memory moelora::stage(const moelora_adapter &adapter,
                      const PageFormat &format) {
  Plan plan = planPages(adapter, format);
  Memory memory(plan.bytes);
  Stager stager(adapter, format, memory);
  stager.index(adapter.binding.layers);
  const Group *gate = nullptr;
  for (const Group &group : plan.groups) {
    if (group.projection == MOELORA_GATE)
      gate = &group;
    stager.pairs(group, gate);
    stager.pages(group);
  }
  return memory;
}
