// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "moelora/host/Inputs.h"

#include "moelora/host/Handles.h"
#include "moelora/reference/Random.h"

#include "moelora/reference/Number.h"

#include <algorithm>

using namespace moelora;
using namespace moelora::host;

namespace {

bool isFloat(int32_t dtype) {
  return dtype == MOELORA_F32 || dtype == MOELORA_F16 ||
         dtype == MOELORA_BF16 || dtype == MOELORA_F64;
}

std::string shown(const moelora_tensor &tensor) {
  std::string text = "[";
  for (int32_t d = 0; d < tensor.dims; ++d)
    text += (d ? ", " : "") + std::to_string(tensor.shape[d]);
  return text + "]";
}

using Widths = std::vector<int64_t>; // of a row: {} for [T], {H} for [T, H]

/// The file, and the number of tokens that its first tensor states.
class InputFile {
public:
  explicit InputFile(const std::string &path)
      : path(path), file(openCheckpoint(path)) {}

  /// Fails with the reader of the tensor if there is none.
  void expect(const char *name, const char *reader) const {
    if (!has(name))
      throw Error(path + ": " + reader + " reads " + name +
                  ", but the file has no tensor of that name");
  }
  bool has(const char *name) const {
    return moelora_checkpoint_find(file.get(), name) >= 0;
  }
  int64_t tokenCount() const { return tokens < 0 ? 0 : tokens; }

  std::vector<int32_t> readInts(const char *name, const Widths &row);
  /// Keeps the type of the file.
  Operand readFloats(const char *name, const Widths &row);

private:
  moelora_tensor find(const char *name, const Widths &row);
  void read(const char *name, const moelora_tensor &tensor, void *data) const;
  void fail(const char *name, const std::string &rule,
            const std::string &found) const {
    throw Error(path + ": expects " + name + " to have " + rule + ", but it " +
                "has " + found);
  }

  std::string path;
  CheckpointHandle file;
  int64_t tokens = -1;
};

moelora_tensor InputFile::find(const char *name, const Widths &row) {
  int64_t index = moelora_checkpoint_find(file.get(), name);
  if (index < 0)
    throw Error(path + ": expects a tensor '" + name + "', but there is none");
  auto tensor = sized<moelora_tensor>();
  moelora_checkpoint_tensor(file.get(), index, &tensor);
  std::string rule =
      "shape [" + (tokens < 0 ? std::string("T") : std::to_string(tokens));
  for (int64_t width : row)
    rule += ", " + std::to_string(width);
  bool right = tensor.dims == int32_t(row.size()) + 1 &&
               (tokens < 0 || tensor.shape[0] == tokens);
  for (size_t d = 0; right && d < row.size(); ++d)
    right = tensor.shape[d + 1] == row[d];
  if (!right)
    fail(name, rule + "]", "shape " + shown(tensor));
  tokens = tensor.shape[0];
  return tensor;
}

void InputFile::read(const char *name, const moelora_tensor &tensor,
                     void *data) const {
  callFor(path + ": ", moelora_checkpoint_read, file.get(),
          moelora_checkpoint_find(file.get(), name), uint64_t(0), tensor.bytes,
          data);
}

std::vector<int32_t> InputFile::readInts(const char *name, const Widths &row) {
  moelora_tensor tensor = find(name, row);
  if (tensor.dtype != MOELORA_I32)
    fail(name, "type I32",
         std::string("type ") + moelora_dtype_name(tensor.dtype));
  std::vector<int32_t> values(tensor.elements);
  read(name, tensor, values.data());
  return values;
}

Operand InputFile::readFloats(const char *name, const Widths &row) {
  moelora_tensor tensor = find(name, row);
  if (!isFloat(tensor.dtype))
    fail(name, "type F32, F16, BF16 or F64",
         std::string("type ") + moelora_dtype_name(tensor.dtype));
  Operand operand = {Buffer(tensor.bytes), moelora_dtype(tensor.dtype), {}};
  read(name, tensor, operand.buffer.data());
  return operand;
}

/// Rounds once to `type`.
Operand convert(Operand from, moelora_dtype type) {
  if (from.type == type)
    return from;
  int64_t count = int64_t(from.buffer.bytes() / reference::bytesOf(from.type));
  Operand to = {Buffer(uint64_t(count) * reference::bytesOf(type)), type, {}};
  for (int64_t i = 0; i < count; ++i)
    reference::store(type, to.buffer.data(), i,
                     reference::load(from.type, from.buffer.data(), i));
  return to;
}

void checkSlots(const std::string &path, const Inputs &inputs,
                int32_t adapters) {
  for (size_t t = 0; t < inputs.slots.size(); ++t)
    if (inputs.slots[t] < -1 || inputs.slots[t] >= adapters)
      throw Error(path + ": expects slots to be in [-1, " +
                  std::to_string(adapters) + "), one for each adapter, but " +
                  "token " + std::to_string(t) + " has slot " +
                  std::to_string(inputs.slots[t]));
}

void readSlots(InputFile &file, const std::string &path, const InputWish &wish,
               Inputs &inputs) {
  // Without adapters, slots may be absent, because all of them are -1.
  if (file.has("slots") || wish.adapters)
    inputs.slots = file.readInts("slots", {});
  else
    inputs.slots.assign(size_t(inputs.tokens), -1);
  checkSlots(path, inputs, wish.adapters);
}

/// NULL if the layer has no such operand.
const moelora_operand *find(const InputWish &wish, moelora_role role) {
  int32_t row =
      moelora_variant_operand(&wish.variant, role, MOELORA_PART_VALUES);
  return row < 0 ? nullptr : &wish.variant.operand[row];
}

/// NULL if this entry point does not read it. The reference reads hidden states
/// for every entry point.
const moelora_operand *findRead(const InputWish &wish, moelora_role role) {
  const moelora_operand *operand = find(wish, role);
  bool read = operand && (operand->entries >> wish.entry & 1);
  return read || role == MOELORA_HIDDEN ? operand : nullptr;
}

/// The dims after tokens.
Widths widthsOf(const moelora_operand &operand) {
  return {operand.shape + 1, operand.shape + operand.dims};
}

void readExpected(InputFile &file, const InputWish &wish, Inputs &inputs) {
  const moelora_operand *output = find(wish, MOELORA_OUTPUT);
  if (!output || !file.has("expected"))
    return;
  Operand exact =
      convert(file.readFloats("expected", widthsOf(*output)), MOELORA_F64);
  auto *values = reinterpret_cast<const double *>(exact.buffer.data());
  inputs.expected.emplace(values, values + inputs.tokens * output->shape[1]);
}

/// Describes the readers of operands that only some layers or entry points
/// read.
const char *readerOf(moelora_role role) {
  switch (role) {
  case MOELORA_ROUTER_HIDDEN:
  case MOELORA_TOKEN_IDS:
    return "the router of this layer";
  case MOELORA_ROUTER_LOGITS:
    return "--routing=logits";
  case MOELORA_EXPERT_IDS:
  case MOELORA_EXPERT_WEIGHTS:
    return "--routing=given";
  default:
    return "every layer";
  }
}

} // namespace

Inputs moelora::host::readInputs(const std::string &path,
                                 const InputWish &wish) {
  InputFile file(path);
  Inputs inputs;
  auto take = [&](const char *name, moelora_role role) {
    const moelora_operand *row = findRead(wish, role);
    if (!row)
      return;
    file.expect(name, readerOf(role));
    Operand operand = file.readFloats(name, widthsOf(*row));
    inputs.operand[role] =
        wish.asStored ? std::move(operand)
                      : convert(std::move(operand), moelora_dtype(row->dtype));
  };
  auto takeIds = [&](const char *name, moelora_role role) {
    const moelora_operand *row = findRead(wish, role);
    if (!row)
      return std::vector<int32_t>();
    file.expect(name, readerOf(role));
    return file.readInts(name, widthsOf(*row));
  };
  take("hidden", MOELORA_HIDDEN);
  take("router_hidden", MOELORA_ROUTER_HIDDEN);
  take("router_logits", MOELORA_ROUTER_LOGITS);
  take("expert_weights", MOELORA_EXPERT_WEIGHTS);
  inputs.expertIds = takeIds("expert_ids", MOELORA_EXPERT_IDS);
  inputs.tokenIds = takeIds("token_ids", MOELORA_TOKEN_IDS);
  inputs.tokens = file.tokenCount();
  readSlots(file, path, wish, inputs);
  readExpected(file, wish, inputs);
  return inputs;
}

Inputs moelora::host::sliceOf(const Inputs &inputs, int64_t begin,
                              int64_t end) {
  Inputs slice;
  slice.tokens = end - begin;
  if (inputs.tokens == 0)
    return slice;
  auto ints = [&](const std::vector<int32_t> &all) {
    int64_t width = int64_t(all.size()) / inputs.tokens;
    return std::vector<int32_t>(all.begin() + begin * width,
                                all.begin() + end * width);
  };
  slice.slots = ints(inputs.slots);
  slice.expertIds = ints(inputs.expertIds);
  slice.tokenIds = ints(inputs.tokenIds);
  for (size_t role = 0; role < MOELORA_ROLES; ++role) {
    const Operand &all = inputs.operand[role];
    uint64_t row = all.buffer.bytes() / uint64_t(inputs.tokens);
    Operand &rows = slice.operand[role];
    rows.type = all.type;
    if (row == 0)
      continue;
    rows.buffer = Buffer(uint64_t(slice.tokens) * row);
    std::copy_n(all.buffer.data() + uint64_t(begin) * row, rows.buffer.bytes(),
                rows.buffer.data());
  }
  return slice;
}

Operand moelora::host::randomRows(int64_t tokens, int64_t width,
                                  moelora_dtype type, uint64_t seed,
                                  const moelora_services &services) {
  Operand rows;
  rows.type = type;
  rows.buffer = Buffer(uint64_t(tokens * width) * moelora_dtype_bytes(type));
  reference::fillRandom(services, rows.buffer.data(), type, tokens * width,
                        {0, reference::unitAmplitude}, seed);
  return rows;
}

Inputs moelora::host::randomInputs(int64_t tokens, uint64_t seed,
                                   const InputWish &wish,
                                   const moelora_services &services) {
  Inputs inputs;
  inputs.tokens = tokens;
  for (moelora_role role : {MOELORA_HIDDEN, MOELORA_ROUTER_HIDDEN}) {
    const moelora_operand *row = findRead(wish, role);
    if (!row)
      continue;
    inputs.operand[role] =
        randomRows(tokens, row->shape[1], moelora_dtype(row->dtype),
                   reference::mix(seed) + uint64_t(role), services);
  }
  inputs.slots = reference::randomIds(tokens, wish.adapters + 1, seed + 1);
  for (int32_t &slot : inputs.slots)
    --slot;
  const moelora_operand *table = find(wish, MOELORA_TOKEN_TABLE);
  if (table && findRead(wish, MOELORA_TOKEN_IDS))
    inputs.tokenIds =
        reference::randomIds(tokens, int32_t(table->shape[0]), seed + 2);
  return inputs;
}
