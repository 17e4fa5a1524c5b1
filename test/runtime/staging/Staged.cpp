/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Writes adapters in all forms, and compares images with what files say.
 */
#include "Staged.h"

namespace moelora::test {

static constexpr int32_t count = Whole::experts;
static constexpr int64_t latent = Whole::latent, inner = Whole::intermediate;

static const char *const latentIn[] = {"fc1_latent_proj", nullptr};
static const char *const latentOut[] = {"fc2_latent_proj", nullptr};

Whole::Whole(bool interleaved) {
  names.latent_in = latentIn;
  names.latent_out = latentOut;
  for (moelora_adapter_site &site : sites) {
    site.experts = experts;
    site.latent = latent;
    site.intermediate = intermediate;
    site.shared = shared;
    site.interleaved = interleaved;
  }
}

/// Linears: those of experts 0, 2 and 3 in part, and all around the experts.
static Opened plain(const Folder &folder, int rank, int32_t dtype) {
  struct Linear {
    const char *module;
    int64_t in, out;
  };
  const Linear linears[] = {
      {"mlp.experts.0.down_proj", inner, latent},
      {"mlp.experts.2.gate_proj", latent, inner},
      {"mlp.experts.2.up_proj", latent, inner},
      {"mlp.experts.2.down_proj", inner, latent},
      {"mlp.experts.3.up_proj", latent, inner},
      {"mlp.gate", hidden, count},
      {"mlp.shared_expert.gate_proj", hidden, Whole::shared},
      {"mlp.shared_expert.up_proj", hidden, Whole::shared},
      {"mlp.shared_expert.down_proj", Whole::shared, hidden},
      {"mlp.shared_expert_gate", hidden, 1},
      {"mlp.fc1_latent_proj", hidden, latent},
      {"mlp.fc2_latent_proj", latent, hidden}};
  Tensors tensors;
  unsigned seed = static_cast<unsigned>(rank);
  for (const Linear &linear : linears)
    addPair(tensors, inLayer(0, linear.module), rank, linear.in, linear.out,
            seed++);
  writeAdapter(folder, config(rank, 3), tensors, dtype);
  return open(folder, Whole());
}

/// Both gate and up in one linear.
static Opened fused(const Folder &folder, int rank, int32_t dtype) {
  Tensors tensors;
  for (int e : {1, 2})
    addPair(tensors,
            inLayer(2, "mlp.experts." + std::to_string(e) + ".gate_up_proj"),
            rank, latent, 2 * inner, static_cast<unsigned>(e));
  writeAdapter(folder, config(rank, 3), tensors, dtype);
  return open(folder, Whole(dtype == MOELORA_BF16));
}

static Opened stacked(const Folder &folder, int rank, int32_t dtype) {
  struct Stack {
    const char *module;
    int64_t in, out;
  };
  Tensors tensors;
  unsigned seed = 1;
  for (const Stack &stack : {Stack{"w1", latent, inner},
                             {"w3", latent, inner},
                             {"w2", inner, latent}}) {
    std::string module = inLayer(2, "mlp.experts.") + stack.module;
    tensors[module + ".lora_A.weight"] =
        randomStack(count, rank, stack.in, seed++);
    tensors[module + ".lora_B.weight"] =
        randomStack(count, stack.out, rank, seed++);
  }
  writeAdapter(folder, config(rank, 2), tensors, dtype);
  return open(folder, Whole());
}

/// A of gate and up, and B of down, once for all experts.
static Opened sharedOuter(const Folder &folder, int rank, int32_t dtype) {
  Tensors tensors;
  std::string stack = inLayer(2, "mlp.experts.");
  tensors[stack + "gate_up_proj.lora_A.weight"] =
      randomStack(1, rank, latent, 1);
  tensors[stack + "gate_up_proj.lora_B.weight"] =
      randomStack(count, 2 * inner, rank, 2);
  tensors[stack + "w2.lora_A.weight"] = randomStack(count, rank, inner, 3);
  tensors[stack + "w2.lora_B.weight"] = randomMatrix(latent, rank, 4);
  writeAdapter(folder, config(rank, 1), tensors, dtype);
  return open(folder, Whole());
}

template <bool Transposed, bool Interleaved>
static Opened packed(const Folder &folder, int rank, int32_t dtype) {
  Tensors tensors;
  std::string outer = inLayer(0, "mlp.experts");
  auto add = [&](const std::string &module, int64_t in, int64_t out) {
    addPair(tensors, module, count * rank, Transposed ? out : in,
            Transposed ? in : out, static_cast<unsigned>(in));
  };
  add(outer + ".base_layer", latent, 2 * inner);
  add(outer, inner, latent);
  writeAdapter(folder, config(rank, 7, packedTargets), tensors, dtype);
  return open(folder, Whole(Interleaved));
}

const std::vector<Form> forms = {
    {"plain", plain},
    {"fused", fused},
    {"stacked", stacked},
    {"shared outer", sharedOuter},
    {"packed", packed<false, false>},
    {"packed, interleaved", packed<false, true>},
    {"packed, transposed", packed<true, false>},
    {"packed, transposed, interleaved", packed<true, true>}};

static Matrix takeRows(const Matrix &matrix, int64_t first, int64_t count) {
  Matrix part{count, matrix.columns, {}, 0};
  for (int64_t i = 0; i < count; ++i)
    for (int64_t j = 0; j < matrix.columns; ++j)
      part.data.push_back(matrix(first + i, j));
  return part;
}

static Matrix takeColumns(const Matrix &matrix, int64_t first, int64_t count) {
  Matrix part{matrix.rows, count, {}, 0};
  for (int64_t i = 0; i < matrix.rows; ++i)
    for (int64_t j = 0; j < count; ++j)
      part.data.push_back(matrix(i, first + j));
  return part;
}

Pair cutPair(const Pair &pair, int projection,
             const moelora_slot_table_options &options) {
  Pair part = pair;
  bool isApart = projection > MOELORA_DOWN && options.shared_size > 0;
  int64_t parts = std::max(isApart ? options.shared_size : options.tp_size, 1),
          number = isApart ? options.shared_rank : options.tp_rank;
  if (projection == MOELORA_DOWN || projection == MOELORA_SHARED_DOWN) {
    part.info.in /= parts;
    part.a = takeColumns(pair.a, number * part.info.in, part.info.in);
  } else if (projection == MOELORA_GATE || projection == MOELORA_UP ||
             projection == MOELORA_SHARED_GATE ||
             projection == MOELORA_SHARED_UP) {
    part.info.out /= parts;
    part.b = takeRows(pair.b, number * part.info.out, part.info.out);
  }
  return part;
}

static void expectOne(const Pair &pair, const Image &image,
                      const moelora_pair &at,
                      const moelora_slot_table_options &options) {
  if (options.dtype == MOELORA_F32)
    expectPages<float>(pair, image, at, options.page_order);
  else if (options.dtype == MOELORA_F16)
    expectPages<F16>(pair, image, at, options.page_order);
  else
    expectPages<BF16>(pair, image, at, options.page_order);
}

int expectStaged(Staged &staged, const Opened &opened,
                 const moelora_slot_table_options &options) {
  int found = 0;
  for (int layer : {0, 2})
    for (int p = 0; p < MOELORA_PROJECTIONS; ++p) {
      bool routed = p <= MOELORA_DOWN, chosen = routed && options.experts;
      int kept = chosen ? options.expert_count : routed ? count : 1;
      const moelora_pair *pairs = staged.pairs(layer, p);
      for (int i = 0; i < kept; ++i) {
        int expert = chosen ? options.experts[i] : i;
        Pair pair = readPair(opened.get(), layer, p, expert);
        if (pair.info.rank == 0) {
          EXPECT_TRUE(!pairs || pairs[i].pages == 0);
          continue;
        }
        ++found;
        EXPECT_NE(pairs, nullptr);
        if (pairs)
          expectOne(cutPair(pair, p, options), staged.image(), pairs[i],
                    options);
      }
    }
  return found;
}

} // namespace moelora::test
