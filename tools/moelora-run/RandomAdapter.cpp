// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An adapter made up on the spot, as a folder like any other: one low-rank
// pair per expert and projection, so that it goes the way of real ones.

#include "Adapters.h"
#include "Random.h"

#include "moelora/models/AdapterTarget.h"
#include "moelora/reference/Number.h"

#include <cmath>
#include <fstream>

using namespace moelora;
using namespace moelora::run;

namespace {

/// The tensors of one adapter: names, and one buffer for all the values.
class RandomAdapter {
public:
  RandomAdapter(const moelora_adapter_site &site, moelora_dtype type,
                int32_t rank, uint64_t seed, const moelora_services &services)
      : site(site), type(type), rank(rank), seed(seed), services(services),
        values(elements() * reference::bytesOf(type)) {
    if (site.gated)
      add(site.names->gate[0], width(), site.intermediate);
    add(site.names->up[0], width(), site.intermediate);
    add(site.names->down[0], site.intermediate, width());
  }

  void write(const std::string &folder) {
    for (size_t i = 0; i < tensors.size(); ++i)
      tensors[i].name = names[i].c_str();
    call("", moelora_safetensors_write,
         (folder + "/adapter_model.safetensors").c_str(), tensors.data(),
         int64_t(tensors.size()));
    std::ofstream config(folder + "/adapter_config.json");
    // Twice the rank, so that the scale is not 1.
    config << "{\"peft_type\": \"LORA\", \"r\": " << rank
           << ", \"lora_alpha\": " << 2 * rank << ", \"target_modules\": ["
           << modules << "]}\n";
    if (!config.flush())
      throw Error("cannot write " + folder + "/adapter_config.json");
  }

private:
  uint64_t elements() const {
    uint64_t projections = site.gated ? 3 : 2;
    return projections * uint64_t(site.experts) * uint64_t(rank) *
           uint64_t(width() + site.intermediate);
  }

  /// What experts read and write.
  int64_t width() const { return site.latent ? site.latent : site.hidden; }

  /// Without the block, where its parts lie in the layer itself.
  std::string expertsPath() const {
    std::string block = site.names->block[0];
    return "base_model.model.model.layers." + std::to_string(site.layer) + "." +
           block + (block.empty() ? "" : ".") + site.names->experts[0] + ".";
  }

  void add(const std::string &module, int64_t in, int64_t out) {
    modules += (modules.empty() ? "\"" : ", \"") + module + "\"";
    // A keeps the deviation of x; B and the scale of 2 bring it to about a
    // half of what the experts' own weights make of it.
    addFactor(module, ".lora_A.weight", rank, in, 1 / std::sqrt(double(in)));
    addFactor(module, ".lora_B.weight", out, rank,
              0.25 / std::sqrt(double(rank)));
  }

  void addFactor(const std::string &module, const char *suffix, int64_t rows,
                 int64_t columns, double deviation) {
    uint64_t bytes = uint64_t(rows * columns) * reference::bytesOf(type);
    fillRandom(services, values.data() + used, type,
               site.experts * rows * columns, {0, deviation * UnitAmplitude},
               mix(seed) + used);
    for (int32_t e = 0; e < site.experts; ++e, used += bytes) {
      names.push_back(expertsPath() + std::to_string(e) + "." + module +
                      suffix);
      tensors.push_back(
          {nullptr, type, 2, {rows, columns}, values.data() + used});
    }
  }

  const moelora_adapter_site &site;
  moelora_dtype type;
  int32_t rank;
  uint64_t seed;
  const moelora_services &services;
  Buffer values;
  uint64_t used = 0;
  std::string modules;
  std::vector<std::string> names;
  std::vector<moelora_tensor_data> tensors;
};

} // namespace

void moelora::run::writeRandomAdapter(const std::string &folder,
                                      const models::Model &model, int layer,
                                      int32_t rank, uint64_t seed,
                                      const moelora_services &services) {
  models::AdapterTarget names(model);
  moelora_adapter_target target = names.get();
  for (int32_t i = 0; i < target.sites; ++i)
    if (target.site[i].layer == layer)
      return RandomAdapter(target.site[i], model.dtype(), rank, seed, services)
          .write(folder);
}
