/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The C interface of adapters.
 */
#include "adapter/Adapter.h"
#include "base/Sized.h"
#include "moelora/runtime/AdapterFacts.h"

#include <algorithm>

using namespace moelora;

namespace {

const AdapterSite *findSite(const moelora_adapter *adapter, int32_t layer) {
  for (const AdapterSite &site : adapter->binding.sites)
    if (site.layer == layer)
      return &site;
  return nullptr;
}

/// OK with the pair, or the status that moelora_adapter_pair documents.
moelora_status findPair(const moelora_adapter *adapter, int32_t layer,
                        int32_t projection, int32_t expert,
                        const AdapterPair *&pair) {
  if (layer < 0 || layer >= adapter->binding.layers || projection < 0 ||
      projection >= MOELORA_PROJECTIONS || expert < 0)
    return MOELORA_INVALID;
  const AdapterSite *site = findSite(adapter, layer);
  if (!site)
    return MOELORA_NOT_FOUND; // a dense layer
  if (expert >= (projection <= MOELORA_DOWN ? site->experts : 1))
    return MOELORA_INVALID;
  const auto &pairs = site->pairs[static_cast<size_t>(projection)];
  if (pairs.empty() || pairs[static_cast<size_t>(expert)].rank == 0)
    return MOELORA_NOT_FOUND;
  pair = &pairs[static_cast<size_t>(expert)];
  return MOELORA_OK;
}

const AdapterPair &requirePair(const moelora_adapter *adapter, int32_t layer,
                               int32_t projection, int32_t expert) {
  expectThere(adapter, "an adapter");
  const AdapterPair *pair = nullptr;
  moelora_status status = findPair(adapter, layer, projection, expert, pair);
  if (status != MOELORA_OK)
    fail("expects a pair for projection " + std::to_string(projection) +
             " of expert " + std::to_string(expert) + " in layer " +
             std::to_string(layer) + ", but the adapter has none",
         status);
  return *pair;
}

void readMatrix(const moelora_adapter *adapter, const MatrixView &view,
                int64_t rows, int64_t columns, float *to) {
  if (view.tensor < 0) {
    std::fill_n(to, rows * columns, 0.0f);
    return;
  }
  // All bytes between the first and the last element.
  const CheckpointFiles &files = adapter->files;
  int32_t dtype = files.tensors()[static_cast<size_t>(view.tensor)].dtype;
  uint64_t size = moelora_dtype_bytes(dtype);
  uint64_t count = static_cast<uint64_t>((rows - 1) * view.row +
                                         (columns - 1) * view.column + 1);
  std::vector<double> bytes((count * size + sizeof(double) - 1) /
                            sizeof(double)); // aligned for every element type
  files.read(view.tensor, static_cast<uint64_t>(view.offset) * size,
             count * size, bytes.data());
  MatrixView within = view;
  within.offset = 0;
  copyToF32(bytes.data(), dtype, within, rows, columns, to);
}

template <typename Visit>
void forEachPair(const AdapterBinding &binding, Visit visit) {
  for (const AdapterSite &site : binding.sites)
    for (const auto &pairs : site.pairs)
      for (const AdapterPair &pair : pairs)
        if (pair.rank != 0)
          visit(site, pair);
}

} // namespace

moelora_adapter_options
moelora::readOptions(const moelora_adapter_options *given) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_adapter_options, reserved);
  moelora_adapter_options stated = {};
  if (given)
    stated = readSized(given, least, "options");
  for (const auto &[what, value] :
       {std::pair("layout", stated.layout), {"columns", stated.columns}})
    if (value < 0 || value > 2)
      fail(std::string("expects the ") + what +
           " to be from 0 to 2, but it is " + std::to_string(value));
  return stated;
}

std::shared_ptr<const OpenAdapter>
moelora::openAdapter(const std::string &folder,
                     const moelora_adapter_target &target,
                     const moelora_adapter_options &stated, Work &work) {
  std::string configPath = folder + "/" + adapterConfigName;
  AdapterConfig config = readAdapterConfig(configPath, work);
  std::string tensors = folder + "/" + adapterTensorsName;
  if (isFolder(tensors)) // which is valid for a checkpoint
    fail("expects " + tensors + " to be a regular file, but it is a folder",
         MOELORA_IO);
  std::string hint = isFile(tensors) ? "" : pickleHint(folder);
  if (!hint.empty())
    fail("expects " + tensors + ", but there is none" + hint, MOELORA_IO);
  std::shared_ptr<OpenAdapter> opened(
      new OpenAdapter{CheckpointFiles(tensors, work), {}});
  opened->binding = bindAdapter({target, config, opened->files, work}, stated);
  return opened;
}

moelora_status moelora_adapter_open(const char *folder,
                                    const moelora_adapter_target *target,
                                    const moelora_adapter_options *options,
                                    moelora_adapter **adapter,
                                    moelora_error **error) {
  return guarded(error, [&] {
    expectThere(folder, "a folder");
    KnownTarget known(target);
    expectThere(adapter, "a place for the adapter");
    Work work;
    *adapter = new moelora_adapter(
        openAdapter(folder, known.get(), readOptions(options), work));
  });
}

moelora_status
moelora_adapter_open_memory(const char *config,
                            const moelora_tensor_data *tensors, int64_t count,
                            const moelora_adapter_target *target,
                            const moelora_adapter_options *options,
                            moelora_adapter **adapter, moelora_error **error) {
  return guarded(error, [&] {
    expectThere(config, "a configuration");
    if (count < 0)
      fail("expects a number of tensors, but it is " + std::to_string(count));
    if (count > 0)
      expectThere(tensors, "tensors");
    KnownTarget known(target);
    expectThere(adapter, "a place for the adapter");
    auto stated = readOptions(options);
    Work work;
    AdapterConfig parsed = parseAdapterConfig(config, adapterConfigName, work);
    std::shared_ptr<OpenAdapter> opened(
        new OpenAdapter{CheckpointFiles(tensors, count), {}});
    opened->binding =
        bindAdapter({known.get(), parsed, opened->files, work}, stated);
    *adapter = new moelora_adapter(std::move(opened));
  });
}

void moelora_adapter_close(moelora_adapter *adapter) { delete adapter; }

moelora_status moelora_adapter_pair(const moelora_adapter *adapter,
                                    int32_t layer, int32_t projection,
                                    int32_t expert, moelora_pair_info *info) {
  constexpr uint32_t least = MOELORA_SIZE_THROUGH(moelora_pair_info, scale);
  return guarded(nullptr, [&] {
    const AdapterPair &pair = requirePair(adapter, layer, projection, expert);
    const MatrixView &a = pair.a;
    moelora_pair_info told = {};
    told.in = pair.in;
    told.out = pair.out;
    told.rank = pair.rank;
    told.dtype = a.tensor < 0 ? static_cast<int32_t>(MOELORA_F32)
                              : adapter->files.at(a.tensor).dtype;
    told.shares_a = pair.sharesA;
    told.scale = pair.scale;
    writeSized(info, told, least, "the pair");
  });
}

moelora_status moelora_adapter_read_a(const moelora_adapter *adapter,
                                      int32_t layer, int32_t projection,
                                      int32_t expert, float *a,
                                      moelora_error **error) {
  return guarded(error, [&] {
    const AdapterPair &pair = requirePair(adapter, layer, projection, expert);
    expectThere(a, "a place for A");
    readMatrix(adapter, pair.a, pair.rank, pair.in, a);
  });
}

moelora_status moelora_adapter_read_b(const moelora_adapter *adapter,
                                      int32_t layer, int32_t projection,
                                      int32_t expert, float *b,
                                      moelora_error **error) {
  return guarded(error, [&] {
    const AdapterPair &pair = requirePair(adapter, layer, projection, expert);
    expectThere(b, "a place for B");
    readMatrix(adapter, pair.b, pair.out, pair.rank, b);
  });
}

moelora_status moelora_adapter_summarize(const moelora_adapter *adapter,
                                         moelora_adapter_summary *summary) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_adapter_summary, elsewhere);
  return guarded(nullptr, [&] {
    expectThere(adapter, "an adapter");
    const AdapterBinding &binding = adapter->binding;
    moelora_adapter_summary told = {};
    told.tensors = static_cast<int64_t>(adapter->files.tensors().size());
    told.elsewhere = static_cast<int64_t>(binding.elsewhere.size());
    told.bound = told.tensors - told.elsewhere;
    const AdapterSite *last = nullptr;
    forEachPair(binding, [&](const AdapterSite &site, const AdapterPair &pair) {
      told.layers += last != &site;
      last = &site;
      told.max_rank = std::max(told.max_rank, pair.rank);
    });
    writeSized(summary, told, least, "the summary");
  });
}

const char *moelora_adapter_elsewhere(const moelora_adapter *adapter,
                                      int64_t index) {
  if (!adapter || index < 0 ||
      index >= static_cast<int64_t>(adapter->binding.elsewhere.size()))
    return nullptr;
  int64_t tensor = adapter->binding.elsewhere[static_cast<size_t>(index)];
  return adapter->files.at(tensor).name.c_str();
}

moelora_status moelora_adapter_has_effect(const moelora_adapter *adapter,
                                          int32_t *effect,
                                          moelora_error **error) {
  return guarded(error, [&] {
    expectThere(adapter, "an adapter");
    expectThere(effect, "a place for the answer");
    *effect = hasEffect(adapter->files, adapter->binding);
  });
}

moelora_status moelora_adapter_cover(const moelora_adapter *adapter,
                                     int32_t layer,
                                     moelora_adapter_coverage *coverage) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_adapter_coverage, why);
  return guarded(nullptr, [&] {
    expectThere(adapter, "an adapter");
    const AdapterSite *site = findSite(adapter, layer);
    if (!site)
      fail("expects a MoE layer, but it is " + std::to_string(layer),
           MOELORA_NOT_FOUND);
    moelora_adapter_coverage told = {};
    for (size_t p = 0; p < MOELORA_PROJECTIONS; ++p)
      for (const AdapterPair &pair : site->pairs[p])
        told.pairs[p] += pair.rank != 0;
    told.packed = site->packed;
    told.layout = site->packed ? adapter->binding.layout : 0;
    told.columns = site->packed ? adapter->binding.columns : 0;
    told.why = site->packed ? adapter->binding.why.c_str() : "";
    writeSized(coverage, told, least, "the coverage");
  });
}

moelora_status moelora_adapter_read_facts(const char *folder,
                                          moelora_adapter_facts *facts,
                                          moelora_error **error) {
  constexpr uint32_t least =
      MOELORA_SIZE_THROUGH(moelora_adapter_facts, peft_version);
  return guarded(error, [&] {
    expectThere(folder, "a folder");
    statedSize(facts, least, "the facts");
    Work work;
    AdapterConfig config =
        readAdapterConfig(std::string(folder) + "/" + adapterConfigName, work);
    moelora_adapter_facts told = {};
    told.rank = static_cast<int32_t>(config.rank);
    told.rank_stabilized = config.rankStabilized;
    told.alpha = config.alpha;
    told.scale = config.scale(config.alpha, config.rank);
    told.rank_patterns = static_cast<int32_t>(config.ranks.values.size());
    told.alpha_patterns = static_cast<int32_t>(config.alphas.values.size());
    told.target_parameters =
        static_cast<int32_t>(config.targetParameters.size());
    config.peftVersion.copy(told.peft_version, MOELORA_VERSION_TEXT - 1);
    writeSized(facts, told, least, "the facts");
  });
}
