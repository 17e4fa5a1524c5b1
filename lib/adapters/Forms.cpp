// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The forms of a layer's pairs.
#include "moelora/adapters/Forms.h"

#include "moelora/reference/Number.h"

#include <algorithm>

using moelora::host::Error;

namespace moelora::adapters {

using Pairs = std::vector<std::optional<Pair>>; // by expert

static bool anyPair(const Pairs &pairs) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [](const auto &pair) { return pair.has_value(); });
}

/// Adapters do not count the experts that are always chosen.
static int32_t namedExperts(const moelora_adapter_site &site) {
  return site.experts - site.always;
}

static Pairs load(const moelora_adapter_site &site, const PairSource &source,
                  int32_t projection) {
  Pairs pairs;
  for (int32_t e = 0; e < namedExperts(site); ++e)
    pairs.push_back(source({&site, projection, e}));
  return pairs;
}

// ---- Joining and dividing gate and up

/// The columns [first, first + count) of B with the same rows of A.
static Pair takeComponents(const Pair &from, int32_t first, int32_t count) {
  Pair pair = {from.in, from.out, count, from.dtype, from.scale, false, {}, {}};
  auto a = from.a.begin() + first * from.in;
  pair.a.assign(a, a + count * from.in);
  for (int64_t o = 0; o < from.out; ++o) {
    auto b = from.b.begin() + o * from.rank + first;
    pair.b.insert(pair.b.end(), b, b + count);
  }
  return pair;
}

static bool isZero(const std::vector<float> &values) {
  return std::all_of(values.begin(), values.end(),
                     [](float value) { return value == 0; });
}

/// Whether B is block-diagonal for all experts, and not only zero.
static bool isBlockDiagonal(const Pairs &gates, const Pairs &ups) {
  bool something = false;
  for (size_t e = 0; e < gates.size(); ++e) {
    if (!gates[e] || !ups[e])
      return false;
    const Pair &gate = *gates[e], &up = *ups[e];
    int32_t half = gate.rank / 2;
    if (!gate.sharesA || gate.rank % 2 ||
        !isZero(takeComponents(gate, half, half).b) ||
        !isZero(takeComponents(up, 0, half).b))
      return false;
    something = something || !isZero(gate.b) || !isZero(up.b);
  }
  return something;
}

static void splitHalves(Pairs &gates, Pairs &ups) {
  if (!isBlockDiagonal(gates, ups))
    return;
  for (size_t e = 0; e < gates.size(); ++e) {
    int32_t half = gates[e]->rank / 2;
    gates[e] = takeComponents(*gates[e], 0, half);
    ups[e] = takeComponents(*ups[e], half, half);
  }
}

/// One expert's gate and up as one pair with twice the rows, if `shared` with
/// their common A.
static Pair join(const moelora_adapter_site &site, const Pair &gate,
                 const Pair &up, bool shared) {
  Pair pair = {gate.in,
               gate.out + up.out,
               shared ? gate.rank : gate.rank + up.rank,
               gate.dtype,
               gate.scale,
               true,
               gate.a,
               {}};
  if (!shared)
    pair.a.insert(pair.a.end(), up.a.begin(), up.a.end());
  pair.b.resize(static_cast<size_t>(pair.out * pair.rank));
  auto put = [&](const Pair &from, int64_t slice, int32_t column) {
    for (int64_t o = 0; o < from.out; ++o) {
      int64_t row = site.interleaved ? 2 * o + slice : slice * from.out + o;
      std::copy_n(from.b.begin() + o * from.rank, from.rank,
                  pair.b.begin() + row * pair.rank + column);
    }
  };
  put(gate, 0, 0);
  put(up, 1, shared ? 0 : gate.rank);
  return pair;
}

// ---- What one parameter can hold

/// Throws unless every expert has a pair with the same scale. The ranks are
/// compared when gate and up are joined.
static void requireOne(const moelora_adapter_site &site, const Pairs &pairs,
                       int32_t projection, const Pair &model) {
  for (size_t e = 0; e < pairs.size(); ++e) {
    Place place = {&site, projection, static_cast<int32_t>(e)};
    if (!pairs[e])
      throw Error{"a packed parameter has a pair for every expert, but there "
                  "is none in " +
                  placeText(place)};
    auto refuse = [&](const char *what, auto mine, auto other) {
      throw Error{std::string("a packed parameter has one ") + what +
                  ", but in " + placeText(place) + " it is " +
                  Json(mine).dump() + " and elsewhere in it " +
                  Json(other).dump()};
    };
    if (pairs[e]->rank != model.rank)
      refuse("rank for all experts", pairs[e]->rank, model.rank);
    if (static_cast<float>(pairs[e]->scale) != static_cast<float>(model.scale))
      refuse("scale", pairs[e]->scale, model.scale);
  }
}

static Pair first(const Pairs &pairs) { return pairs[0].value_or(Pair()); }

static Pairs joinAll(const moelora_adapter_site &site, const Pairs &gates,
                     const Pairs &ups) {
  requireOne(site, gates, MOELORA_GATE, first(gates));
  Pair upLikeGate = first(ups);
  upLikeGate.scale = first(gates).scale;
  requireOne(site, ups, MOELORA_UP, upLikeGate);
  bool shared = true;
  for (size_t e = 0; e < gates.size(); ++e)
    shared = shared && gates[e]->a == ups[e]->a;
  Pairs joined;
  for (size_t e = 0; e < gates.size(); ++e)
    joined.push_back(join(site, *gates[e], *ups[e], shared));
  return joined;
}

// ---- Names

/// Lists have the checkpoint's name first and the library's modules last.
static std::string blockOf(const moelora_adapter_names &names, bool packed) {
  std::string block = names.block[0];
  for (auto name = names.block; packed && *name; ++name)
    if (**name)
      block = *name;
  return block.empty() ? "" : block + ".";
}

static const char *lastOf(const char *const *names) {
  while (names[1])
    ++names;
  return *names;
}

namespace {

enum class Side { A, B };

/// Whether all experts have a pair, with one rank, scale and matrix.
bool haveOne(const Pairs &pairs, Side side) {
  return std::all_of(pairs.begin(), pairs.end(), [&](const auto &pair) {
    return pair && pairs[0] && pair->rank == pairs[0]->rank &&
           pair->scale == pairs[0]->scale &&
           (side == Side::A ? pair->a == pairs[0]->a : pair->b == pairs[0]->b);
  });
}

class LayerWriter {
public:
  LayerWriter(const moelora_adapter_site &site, Form form, int32_t dtype,
              const Spelling &spelling, NewAdapter &to)
      : site(site), form(form), dtype(dtype), spelling(spelling), to(to) {
    const char *container = site.names->container;
    layer = spelling.prefix + (container ? container : "layers") + "." +
            std::to_string(site.layer) + ".";
    block = blockOf(*site.names, isPacked(form) && !spelling.modules);
  }

  /// `outer` is the side that may be written once.
  void perExpert(const Pairs &pairs, const char *const *names, Side outer) {
    std::string experts = block + site.names->experts[0] + ".";
    bool once = form == Form::SharedOuter && haveOne(pairs, outer);
    if (once)
      putSides(*pairs[0], experts + names[0], {outer});
    for (size_t e = 0; e < pairs.size(); ++e)
      if (pairs[e])
        putSides(*pairs[e], experts + std::to_string(e) + "." + names[0],
                 once ? std::vector{outer == Side::A ? Side::B : Side::A}
                      : std::vector{Side::A, Side::B});
  }

  /// `inner`: another wrapper of the same module contains this one.
  void packed(const Pairs &pairs, const char *const *names, bool inner,
              int32_t zeroExperts) {
    if (!names || !names[0])
      throw Error{"this family has no packed parameter for experts"};
    std::string experts = block + site.names->experts[0];
    std::string path = block + names[0], parameter = path + ".weight";
    if (!spelling.modules) {
      path = experts + (inner ? ".base_layer" : "");
      parameter = experts + "." + lastOf(names);
    }
    int64_t count = static_cast<int64_t>(pairs.size()) + zeroExperts;
    bool natural = form == Form::Natural;
    const Pair &any = *pairs[0];
    int64_t rank = any.rank, wide = natural ? any.in : any.out,
            tall = natural ? any.out : any.in;
    // Copies one component: the side that is stored as rows, and the other one.
    auto a = [&](const Pair &pair, int64_t j, int64_t i) {
      return pair.a[static_cast<size_t>(j * pair.in + i)];
    };
    auto b = [&](const Pair &pair, int64_t j, int64_t o) {
      return pair.b[static_cast<size_t>(o * rank + j)];
    };
    auto value = [&](bool rows, int64_t e, int64_t j, int64_t at) {
      if (e >= static_cast<int64_t>(pairs.size()))
        return 0.0f; // a zero expert
      const Pair &pair = *pairs[static_cast<size_t>(e)];
      return rows == natural ? a(pair, j, at) : b(pair, j, at);
    };
    put(path, ".lora_A", {count * rank, wide}, [&](int64_t at) {
      int64_t row = at / wide;
      return value(true, row / rank, row % rank, at % wide);
    });
    put(path, ".lora_B", {tall, count * rank}, [&](int64_t at) {
      int64_t column = at % (count * rank);
      return value(false, column % count, column / count, at / (count * rank));
    });
    to.modules.push_back({&site, parameter, true, any.rank, any.scale});
  }

private:
  void putSides(const Pair &pair, const std::string &path,
                const std::vector<Side> &sides) {
    for (Side side : sides)
      if (side == Side::A)
        put(path, ".lora_A", {pair.rank, pair.in},
            [&](int64_t at) { return pair.a[static_cast<size_t>(at)]; });
      else
        put(path, ".lora_B", {pair.out, pair.rank},
            [&](int64_t at) { return pair.b[static_cast<size_t>(at)]; });
    to.modules.push_back({&site, path, false, pair.rank, pair.scale});
  }

  template <typename Value>
  void put(const std::string &path, const char *side,
           std::vector<int64_t> shape, Value value) {
    char *data = to.add(layer + path + side + ".weight", dtype, shape);
    for (int64_t i = 0; i < shape[0] * shape[1]; ++i)
      reference::store(static_cast<moelora_dtype>(dtype), data, i, value(i));
  }

  const moelora_adapter_site &site;
  Form form;
  int32_t dtype;
  const Spelling &spelling;
  NewAdapter &to;
  std::string layer, block;
};

} // namespace

void writeLayer(const moelora_adapter_site &site, const PairSource &source,
                Form form, int32_t dtype, const Spelling &spelling,
                NewAdapter &to) {
  const moelora_adapter_names &names = *site.names;
  LayerWriter writer(site, form, dtype, spelling, to);
  Pairs up = load(site, source, MOELORA_UP);
  Pairs down = load(site, source, MOELORA_DOWN);
  Pairs gate = site.gated ? load(site, source, MOELORA_GATE) : Pairs();
  if (!isPacked(form)) {
    splitHalves(gate, up);
    writer.perExpert(gate, names.gate, Side::A);
    writer.perExpert(up, names.up, Side::A);
    writer.perExpert(down, names.down, Side::B);
    return;
  }
  bool hasDown = anyPair(down), hasUp = anyPair(up) || anyPair(gate);
  if (hasUp) {
    if (site.gated)
      up = joinAll(site, gate, up);
    requireOne(site, up, MOELORA_UP, first(up));
    writer.packed(up, names.packed_gate_up, hasDown, site.zero_experts);
  }
  if (hasDown) {
    requireOne(site, down, MOELORA_DOWN, first(down));
    writer.packed(down, names.packed_down, false, 0);
  }
}

} // namespace moelora::adapters
