// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `convert`: the same pairs in another form.
#include "moelora/adapters/Convert.h"

#include "Config.h"
#include "moelora/adapters/Forms.h"
#include "moelora/models/AdapterTarget.h"
#include "moelora/reference/Number.h"

#include <cmath>

using namespace moelora::host;

namespace moelora::adapters {

namespace {

/// The files of an adapter as tensors.
class Files {
public:
  Files(const std::string &folder, const moelora_adapter *adapter)
      : checkpoint(openCheckpoint(folder + "/adapter_model.safetensors")) {
    const char *name;
    for (int64_t i = 0; (name = moelora_adapter_elsewhere(adapter, i)); ++i)
      elsewhere.insert(name);
  }

  /// Calls visit(index, tensor, whether it belongs to the MoE layers).
  template <typename Visit> void forEach(Visit visit) const {
    for (int64_t i = 0; i < moelora_checkpoint_count(checkpoint.get()); ++i) {
      auto tensor = sized<moelora_tensor>();
      moelora_checkpoint_tensor(checkpoint.get(), i, &tensor);
      visit(i, tensor, elsewhere.count(tensor.name) == 0);
    }
  }

  /// Copies a tensor, bit by bit or rounded to a type.
  void copy(int64_t index, const moelora_tensor &tensor, int32_t dtype,
            NewAdapter &to) const {
    char *data =
        to.add(tensor.name, dtype, {tensor.shape, tensor.shape + tensor.dims});
    if (dtype == tensor.dtype) {
      call(moelora_checkpoint_read, checkpoint.get(), index, 0, tensor.bytes,
           data);
      return;
    }
    std::vector<float> values(tensor.elements);
    call(moelora_checkpoint_read_f32, checkpoint.get(), index, 0,
         tensor.elements, values.data());
    for (size_t i = 0; i < values.size(); ++i)
      reference::store(static_cast<moelora_dtype>(dtype), data,
                       static_cast<int64_t>(i), values[i]);
  }

private:
  CheckpointHandle checkpoint;
  std::set<std::string> elsewhere;
};

class Conversion {
public:
  Conversion(const AdapterFolder &from, const models::Model &model,
             const ConvertOptions &options)
      : from(from), options(options), names(model), target(names.get()),
        in(openAdapter(from.folder, target, from.stated)),
        files(from.folder, in.get()) {
    decideType();
  }

  Converted run(const std::string &to, const Progress &progress) {
    ProgressCount count(progress, static_cast<size_t>(target.sites),
                        "layers converted");
    PairSource source = [this](const Place &place) { return read(place); };
    for (int32_t i = 0; i < target.sites; ++i) {
      writeLayer(target.site[i], source, options.form, dtype, spelling(),
                 result);
      count.advance();
    }
    if (result.modules.empty())
      throw Error{"there is no pair of the experts to be converted"};
    copyOthers();
    describe();
    return {result.tensors(), result.bytes(),
            writeCompared(result, to, target, options.form, source, progress),
            dtype, rounded};
  }

private:
  /// The type for all pairs of the experts: the requested one, or that of the
  /// file, or f32 if the file has several.
  void decideType() {
    std::set<int32_t> types;
    files.forEach([&](int64_t, const moelora_tensor &tensor, bool bound) {
      if (bound)
        types.insert(tensor.dtype);
    });
    dtype = types.size() == 1 ? *types.begin() : MOELORA_F32;
    if (options.dtype)
      dtype = *options.dtype;
    if (types.count(MOELORA_F64) && options.dtype != MOELORA_F32)
      throw Error{"expects --dtype=f32 where the file has F64: all values "
                  "are rounded once"};
    for (int32_t type : types)
      if (type != dtype && dtype != MOELORA_F32)
        rounded.insert(moelora_dtype_name(type));
    if (types.count(MOELORA_F64))
      rounded.insert("F64");
  }

  std::optional<Pair> read(const Place &place) const {
    std::optional<Pair> pair = readPair(in.get(), place);
    if (pair && !rounded.empty())
      for (std::vector<float> *values : {&pair->a, &pair->b})
        for (float &value : *values)
          value = round(value, place);
    return pair;
  }

  float round(float value, const Place &place) const {
    double rounded =
        reference::roundTo(static_cast<moelora_dtype>(dtype), value);
    if (std::isfinite(value) && !std::isfinite(rounded))
      throw Error{placeText(place) + " has a value too large for " +
                  moelora_dtype_name(dtype)};
    return static_cast<float>(rounded);
  }

  /// Whether a tensor of the MoE layers is rewritten.
  bool isOfExperts(const std::string &name) const {
    return name.find(std::string(".") + target.site[0].names->experts[0] +
                     ".") != std::string::npos ||
           isPackedModule(name);
  }

  /// "block_sparse_moe.input_linear.lora_A.weight"
  bool isPackedModule(const std::string &name) const {
    const moelora_adapter_names &family = *target.site[0].names;
    if (!family.packed_modules)
      return false;
    for (auto list : {family.packed_gate_up, family.packed_down})
      for (; list && *list; ++list)
        if (name.find(std::string(family.block[0]) + "." + *list + ".lora_") !=
            std::string::npos)
          return true;
    return false;
  }

  /// New names have the prefix and the form of those in the file.
  const Spelling &spelling() {
    if (spelled)
      return *spelled;
    spelled.emplace();
    const char *container = target.site[0].names->container;
    std::string word = std::string(container ? container : "layers") + ".";
    files.forEach([&](int64_t, const moelora_tensor &tensor, bool bound) {
      std::string name = tensor.name;
      if (!bound || !isOfExperts(name))
        return;
      spelled->prefix = name.substr(0, name.find(word));
      spelled->modules = spelled->modules || isPackedModule(name);
    });
    return *spelled;
  }

  void copyOthers() {
    files.forEach([&](int64_t i, const moelora_tensor &tensor, bool bound) {
      std::string name = tensor.name;
      if (bound && isOfExperts(name))
        return;
      bool asked = bound && options.dtype.has_value();
      files.copy(i, tensor, asked ? dtype : tensor.dtype, result);
      std::string module = name.substr(0, name.find(".lora_"));
      copied.insert(module.substr(module.rfind('.') + 1));
    });
  }

  void describe() {
    result.config = readConfig(from.folder);
    // These keys state the layout of the packed pairs in the file.
    result.config.erase("lora_B_layout");
    result.config.erase("unsloth_fused_expert_lora");
    if (isPacked(options.form))
      result.config.erase("peft_version");
    describeModules(result, target, copied);
  }

  const AdapterFolder &from;
  const ConvertOptions &options;
  models::AdapterTarget names;
  moelora_adapter_target target;
  AdapterHandle in;
  Files files;
  int32_t dtype = 0;
  std::set<std::string> rounded; ///< types of the file that are
  std::optional<Spelling> spelled;
  NewAdapter result;
  std::set<std::string>
      copied; ///< last name components of modules that are not rewritten
};

} // namespace

Converted convert(const AdapterFolder &from, const std::string &to,
                  const models::Model &model, const ConvertOptions &options,
                  const Progress &progress) {
  checkVacant(to, options.force);
  return Conversion(from, model, options).run(to, progress);
}

} // namespace moelora::adapters
