// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the constant moelora_artifact and everything to which it points.

#include "Artifact.h"
#include "Facts.h"
#include "Record.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace moelora::codegen {

/// Row-major, in elements. Only the first size is not a constant.
static SmallVector<int64_t> stridesOf(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size() - 1; dim > 0; --dim)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

/// Operands need the alignment of one element only, because elements are read
/// one by one or with unaligned loads.
static int64_t alignmentOf(moelora_dtype dtype) {
  return dtype == MOELORA_BF16 || dtype == MOELORA_F16 ? 2 : 4;
}

static Value operandRow(Code &code, const Operand &operand) {
  SmallVector<int64_t> shape = operand.shape, strides = stridesOf(shape);
  shape.resize(MOELORA_MAX_OPERAND_DIMS);
  strides.resize(MOELORA_MAX_OPERAND_DIMS);
  return Record(code)
      .i32(sizeof(moelora_operand))
      .i32(operand.role)
      .i32(MOELORA_PART_VALUES)
      .i32(operand.dtype)
      .i32(int64_t(operand.shape.size()))
      .i32(alignmentOf(operand.dtype))
      .i32(operand.entries)
      .i32(0)
      .array(shape)
      .array(strides)
      .pointer(code.null()) // not quantised
      .finish(sizeof(moelora_operand));
}

static Value entryRow(Code &code, const EntryPoint &entry) {
  return Record(code)
      .i32(entry.kind)
      .i32(entry.flags)
      .pointer(code.address(entry.run))
      .finish(sizeof(moelora_entry));
}

/// The rows of the kernels, whose names are texts of their own. Null if there
/// are none.
static LLVM::GlobalOp kernelRows(Unit &unit, const Variant &variant) {
  if (variant.kernels.empty())
    return {};
  SmallVector<LLVM::GlobalOp> names;
  for (const KernelRow &kernel : variant.kernels)
    names.push_back(
        unit.text(variant.target + ".kernel." + kernel.name, kernel.name));
  return unit.constant(variant.target + ".kernels", [&](Code &code) {
    SmallVector<Value> rows;
    for (auto [kernel, name] : llvm::zip_equal(variant.kernels, names))
      rows.push_back(Record(code)
                         .pointer(code.address(name))
                         .i32(0) // the first binary
                         .i32(kernel.threads)
                         .i32(kernel.sharedBytes)
                         .i32(0)
                         .finish(sizeof(moelora_kernel_info)));
    return makeArray(code, rows);
  });
}

/// Declares the binaries, which are defined when the kernels are emitted.
static LLVM::GlobalOp declareBinaries(Unit &unit, const Variant &variant) {
  if (variant.binaries.empty())
    return {};
  OpBuilder builder = unit.atEnd();
  return LLVM::GlobalOp::create(builder, unit.loc, unit.i64(),
                                /*isConstant=*/true, LLVM::Linkage::External,
                                variant.binaries, Attribute());
}

namespace {

/// Constants that a variant points to.
struct VariantParts {
  LLVM::GlobalOp target, tuning, needs, operands, entries, binaries, kernels;

  VariantParts(Unit &unit, const Variant &variant)
      : target(unit.text(variant.target + ".target", variant.target)),
        tuning(unit.text(variant.target + ".tuning", variant.tuning)),
        needs(unit.text(variant.target + ".needs", variant.needs)),
        operands(rows<Operand>(unit, variant.target + ".operands",
                               variant.operands, operandRow)),
        entries(rows<EntryPoint>(unit, variant.target + ".entries",
                                 variant.entries, entryRow)),
        binaries(declareBinaries(unit, variant)),
        kernels(kernelRows(unit, variant)) {}

  template <typename Row>
  static LLVM::GlobalOp rows(Unit &unit, const std::string &name,
                             ArrayRef<Row> all,
                             Value (*fill)(Code &, const Row &)) {
    return unit.constant(name, [&](Code &code) {
      auto values = llvm::map_to_vector(
          all, [&](const Row &row) { return fill(code, row); });
      return makeArray(code, values);
    });
  }
};

} // namespace

static uint64_t rolesOf(const Variant &variant) {
  uint64_t roles = 0;
  for (const Operand &operand : variant.operands)
    roles |= uint64_t(1) << operand.role;
  return roles;
}

/// Bits of moelora_axis.
static int64_t tokenAxesOf(GridAttr grid) {
  int64_t bits = 0;
  for (Axis axis : {Axis::Dp, Axis::Ep, Axis::Tp})
    if (grid && grid.getSize(axis) > 1 && grid.cutsTokens(axis))
      bits |= 1 << int(axis);
  return bits;
}

/// The content of the operand with the places of experts, or null.
static LLVM::GlobalOp expertMap(Unit &unit, LayerOp layer) {
  std::optional<ElementsAttr> map = layer.getExpertMap();
  if (!map)
    return {};
  auto places = llvm::to_vector(map->getValues<int32_t>());
  return unit.bytes("expert_map",
                    {reinterpret_cast<const char *>(places.data()),
                     places.size() * sizeof(int32_t)});
}

static Value variantRow(Code &code, LayerOp layer, const Variant &variant,
                        const VariantParts &parts, const moelora_facts &facts,
                        LLVM::GlobalOp map) {
  GridAttr grid = layer.getGridAttr();
  auto sizeOf = [&](Axis axis) { return grid ? grid.getSize(axis) : 1; };
  auto address = [&](LLVM::GlobalOp global) {
    return global ? code.address(global) : code.null();
  };
  return Record(code)
      .i32(sizeof(moelora_variant))
      .i32(variant.workspaceAlign)
      .pointer(code.address(parts.target))
      .pointer(code.address(parts.tuning))
      .pointer(code.address(parts.needs))
      .i64(int64_t(variant.services))
      .i64(int64_t(rolesOf(variant)))
      .i64(0) // any number of tokens
      .bytes(&facts, sizeof(facts), alignof(moelora_facts))
      .i32(int64_t(variant.operands.size()))
      .i32(parts.binaries ? variant.binaryCount : 0)
      .i32(int64_t(variant.kernels.size()))
      .i32(int64_t(variant.entries.size()))
      .pointer(code.address(parts.operands))
      .pointer(address(parts.binaries))
      .pointer(address(parts.kernels))
      .pointer(code.address(parts.entries))
      .pointer(code.address(variant.workspace))
      .i32(sizeOf(Axis::Dp))
      .i32(sizeOf(Axis::Ep))
      .i32(sizeOf(Axis::Tp))
      .i32(tokenAxesOf(grid))
      .pointer(address(map))
      .finish(sizeof(moelora_variant));
}

static LLVM::GlobalOp emitVariants(Unit &unit, LayerOp layer,
                                   ArrayRef<Variant> variants) {
  moelora_facts facts = describeFacts(layer);
  LLVM::GlobalOp map = expertMap(unit, layer);
  auto parts = llvm::map_to_vector(
      variants, [&](const Variant &v) { return VariantParts(unit, v); });
  return unit.constant("variants", [&](Code &code) {
    SmallVector<Value> rows;
    for (auto [variant, part] : llvm::zip_equal(variants, parts))
      rows.push_back(variantRow(code, layer, variant, part, facts, map));
    return makeArray(code, rows);
  });
}

Digest digestOf(StringRef text) {
  auto hash = llvm::xxh3_128bits(llvm::arrayRefFromStringRef(text));
  Digest digest;
  llvm::support::endian::write64be(digest.data(), hash.high64);
  llvm::support::endian::write64be(digest.data() + 8, hash.low64);
  return digest;
}

Digest digestOf(LayerOp layer, ArrayRef<Variant> variants, StringRef producer) {
  std::string text;
  llvm::raw_string_ostream out(text);
  layer->print(out, OpPrintingFlags().useLocalScope());
  // Zeros separate them, because neither the text of IR nor a name contains
  // one.
  out << '\0' << producer;
  for (const Variant &variant : variants)
    out << '\0' << variant.target << '\0' << variant.tuning << '\0'
        << variant.needs;
  return digestOf(text);
}

static int64_t layerNumber(LayerOp layer) {
  auto number = layer->getAttrOfType<IntegerAttr>("moelora.layer_number");
  return number ? number.getInt() : -1;
}

/// The name of a layer in a symbol of C.
static std::string identifierOf(StringRef name) {
  std::string result = name.str();
  for (char &c : result)
    if (!llvm::isAlnum(c))
      c = '_';
  return result;
}

/// moelora_query_NAME: the artifact, or null for another ABI.
static void emitQuery(Unit &unit, StringRef symbol, LLVM::GlobalOp artifact) {
  Type i32 = IntegerType::get(unit.context(), 32);
  unit.exported(symbol, {i32}, unit.pointer(),
                [&](Code &code, ArrayRef<BlockArgument> in) {
                  Value known = code.equal32(in[0], MOELORA_ABI_VERSION);
                  Ptr result =
                      code.select(known, code.address(artifact), code.null());
                  LLVM::ReturnOp::create(code.builder, code.loc, result.value);
                });
}

std::string queryOf(StringRef layer) {
  return MOELORA_QUERY_SYMBOL "_" + identifierOf(layer);
}

void emitIndex(Unit &unit, ArrayRef<LLVM::GlobalOp> artifacts) {
  Type i32 = IntegerType::get(unit.context(), 32);
  auto query = unit.exported(
      MOELORA_QUERY_SYMBOL, {i32, i32}, unit.pointer(),
      [&](Code &code, ArrayRef<BlockArgument> in) {
        Value known = code.equal32(in[0], MOELORA_ABI_VERSION);
        Ptr result{};
        for (auto [index, artifact] : llvm::enumerate(artifacts)) {
          Value wanted = code.equal32(in[1], int64_t(index));
          Value found = code.select(known, wanted, code.bit(false));
          result = code.select(found, code.address(artifact),
                               index ? result : code.null());
        }
        LLVM::ReturnOp::create(code.builder, code.loc, result.value);
      });
  query.setLinkage(LLVM::Linkage::Weak);
}

LLVM::GlobalOp emitArtifact(Unit &unit, LayerOp layer,
                            const std::optional<moelora_layer> &description,
                            ArrayRef<Variant> variants, StringRef producer) {
  LLVM::GlobalOp made = unit.text("producer", producer);
  LLVM::GlobalOp name = unit.text("name", layer.getSymName());
  LLVM::GlobalOp described;
  if (description)
    described = unit.bytes(
        "description",
        {reinterpret_cast<const char *>(&*description), sizeof(*description)});
  LLVM::GlobalOp rows = emitVariants(unit, layer, variants);
  Digest digest = digestOf(layer, variants, producer);
  LLVM::GlobalOp artifact = unit.constant("artifact", [&](Code &code) {
    return Record(code)
        .i32(int32_t(MOELORA_ABI_MAGIC))
        .i32(MOELORA_ABI_VERSION)
        .i32(MOELORA_ABI_MINOR)
        .i32(sizeof(moelora_artifact))
        .i32(layerNumber(layer))
        .i32(int64_t(variants.size()))
        .pointer(code.address(made))
        .pointer(code.address(name))
        .bytes(digest.data(), digest.size(), alignof(uint64_t))
        .pointer(described ? code.address(described) : code.null())
        .pointer(code.address(rows))
        .finish(sizeof(moelora_artifact));
  });
  emitQuery(unit, queryOf(layer.getSymName()), artifact);
  return artifact;
}

} // namespace moelora::codegen
