/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The rules of artifacts. They detect mistakes, but do not protect against
 * attacks, because an artifact is code.
 */
#include "run/Description.h"

#include "base/Failure.h"
#include "device/Rules.h"
#include "run/LayerRules.h"
#include "run/Operands.h"
#include "run/Variants.h"

#include "moelora/runtime/Artifact.h"
#include "moelora/runtime/Dtype.h"

#include <algorithm>
#include <limits>

using namespace moelora;

namespace {

constexpr int32_t mostVariants = 256, mostBinaries = 256, mostKernels = 65536;
constexpr int64_t mostThreads = 1024, mostSharedBytes = 1 << 20;
constexpr int64_t mostStride = int64_t(1) << 48;
constexpr int64_t mostRanks = 1 << 20;
constexpr int64_t largestInt = std::numeric_limits<int32_t>::max();
/// Workspaces are aligned to it, and operands at most.
constexpr int64_t mostAlignment = 256;

constexpr uint32_t bit(int32_t number) { return uint32_t(1) << number; }

/// The elements of arrays must have the size of this version's structs.
void expectSize(const char *what, uint32_t found, size_t wanted) {
  if (found != wanted)
    fail(std::string("expects the description of ") + what + " to have " +
         std::to_string(wanted) + " bytes, but it has " +
         std::to_string(found));
}

void expectArray(const char *what, const void *first, uint32_t count,
                 int64_t least, int64_t most) {
  expectWithin("the number of " + std::string(what), count, least, most);
  if (count && !first)
    fail("expects the " + std::string(what) +
         " of a compiled layer, but their address is null");
}

void expectAlignment(const std::string &what, uint32_t value) {
  expectWithin("the alignment of the " + what, value, 1, mostAlignment);
  if (value & (value - 1))
    fail("expects the alignment of the " + what +
         " of a compiled layer to be a power of two, but it is " +
         std::to_string(value));
}

/// Only these fields may be read before this rule is checked.
void checkVersion(const moelora_artifact &artifact) {
  if (artifact.magic != MOELORA_ABI_MAGIC)
    fail("expects a compiled layer, but its first bytes are wrong");
  if (artifact.abi != MOELORA_ABI_VERSION || artifact.minor > MOELORA_ABI_MINOR)
    fail("expects a compiled layer for version " +
             std::to_string(MOELORA_ABI_VERSION) + "." +
             std::to_string(MOELORA_ABI_MINOR) +
             " of the ABI, but it has version " + std::to_string(artifact.abi) +
             "." + std::to_string(artifact.minor) +
             (artifact.abi == MOELORA_ABI_VERSION ? "; use a newer runtime"
                                                  : "; compile it again"),
         MOELORA_UNSUPPORTED);
  expectSize("a compiled layer", artifact.size, sizeof artifact);
}

/// Operands that a run provides must have the types and dimensions of
/// moelora_run.
struct RunOperand {
  int32_t role, dtype, dims; // dtype 0: the layer's
};
constexpr RunOperand runOperands[] = {
    {MOELORA_HIDDEN, 0, 2},
    {MOELORA_ROUTER_HIDDEN, 0, 2},
    {MOELORA_OUTPUT, 0, 2},
    {MOELORA_ROUTER_LOGITS, MOELORA_F32, 2},
    {MOELORA_EXPERT_WEIGHTS, MOELORA_F32, 2},
    {MOELORA_EXPERT_IDS, MOELORA_I32, 2},
    {MOELORA_TOKEN_IDS, MOELORA_I32, 1},
};

void checkRunOperand(const moelora_operand &operand, const std::string &name) {
  for (const RunOperand &rule : runOperands) {
    if (rule.role != operand.role)
      continue;
    expectWithin("the number of dims of the " + name, operand.dims, rule.dims,
                 rule.dims);
    if (operand.shape[0] != -1)
      fail("expects the " + name +
           " of a compiled layer to have a row for "
           "each token, but its shape is " +
           shownDims(operand.shape, operand.dims));
    if (rule.dtype && operand.dtype != rule.dtype)
      fail("expects the " + name + " of a compiled layer to have type " +
           shownType(rule.dtype) + ", but it has " + shownType(operand.dtype));
  }
}

void checkDims(const moelora_operand &operand, const std::string &name) {
  expectWithin("the number of dims of the " + name, operand.dims, 1,
               MOELORA_MAX_OPERAND_DIMS);
  for (int32_t d = 0; d < operand.dims; ++d) {
    bool tokens = d == 0 && isOfRun(operand.role);
    expectWithin("a dim of the " + name, operand.shape[d], tokens ? -1 : 0,
                 largestInt);
    expectWithin("a stride of the " + name, operand.stride[d], 0, mostStride);
  }
  if (operandBytes(operand, largestInt) >
      uint64_t(std::numeric_limits<int64_t>::max()))
    fail("expects the bytes of the " + name +
         " of a compiled layer to fit into 63 bits, but its shape is " +
         shownDims(operand.shape, operand.dims));
}

void checkOperand(const moelora_operand &operand) {
  expectSize("an operand", operand.size, sizeof operand);
  std::string name = operandName(operand.role, operand.part);
  if (!roleName(operand.role))
    fail("expects operands of a compiled layer to have a known role, but one "
         "has " +
         name);
  expectWithin("the part of the " + name, operand.part, 0, MOELORA_PARTS - 1);
  if (operand.quant || operand.part != MOELORA_PART_VALUES)
    fail("expects the " + name +
             " of a compiled layer not to be quantised: this version runs "
             "none that is",
         MOELORA_UNSUPPORTED);
  if (!moelora_dtype_bytes(operand.dtype))
    fail("expects the " + name +
         " of a compiled layer to have a known type, but it has " +
         shownType(operand.dtype));
  expectAlignment(name, operand.align);
  expectWithin("the entry points of the " + name, operand.entries, 0,
               bit(MOELORA_ENTRIES) - 1);
  expectWithin("the reserved field of the " + name, operand.reserved, 0, 0);
  checkDims(operand, name);
  checkRunOperand(operand, name);
}

void checkOperands(const moelora_variant &variant) {
  expectArray("operands", variant.operand, variant.operands, 2, mostOperands);
  uint64_t roles = 0;
  for (uint32_t i = 0; i < variant.operands; ++i) {
    const moelora_operand &operand = variant.operand[i];
    checkOperand(operand);
    if (moelora_variant_operand(&variant, operand.role, operand.part) !=
        static_cast<int32_t>(i))
      fail("expects operands of a compiled layer to differ, but the " +
           operandName(operand.role, operand.part) + " is there twice");
    roles |= uint64_t(1) << operand.role;
  }
  if (roles != variant.roles)
    fail("expects the roles of a compiled layer to be those of its operands, " +
         std::to_string(roles) + ", but they are " +
         std::to_string(variant.roles));
  for (int32_t role : {MOELORA_HIDDEN, MOELORA_OUTPUT})
    if (!(roles >> role & 1))
      fail(std::string("expects a compiled layer to have the operand ") +
           roleName(role) + ", but it has not");
}

void checkKernels(const moelora_variant &variant) {
  expectArray("binaries", variant.binary, variant.binaries, 0, mostBinaries);
  for (uint32_t i = 0; i < variant.binaries; ++i) {
    const moelora_binary &binary = variant.binary[i];
    expectWithin("the kind of a binary", binary.kind, MOELORA_BINARY_HOST,
                 MOELORA_BINARY_EMULATED);
    if (!binary.data || isAddressOnly(binary.kind) != !binary.bytes)
      fail("expects the binaries of a compiled layer to have an address, and "
           "bytes where they are not in this process, but one is not so");
  }
  expectArray("kernels", variant.kernel, variant.kernels, 0, mostKernels);
  for (uint32_t i = 0; i < variant.kernels; ++i) {
    const moelora_kernel_info &kernel = variant.kernel[i];
    if (!kernel.name)
      fail("expects the kernels of a compiled layer to have names, but one has "
           "none");
    std::string name = std::string("the kernel ") + kernel.name;
    expectWithin("the binary of " + name, kernel.binary, 0,
                 int64_t(variant.binaries) - 1);
    if (isCubinOfPtx(variant, kernel.binary))
      fail("expects " + name +
           " of a compiled layer to be of the PTX before its cubin, but it is "
           "of the cubin");
    expectWithin("the threads of " + name, kernel.threads, 1, mostThreads);
    expectWithin("the shared bytes of " + name, kernel.shared_bytes, 0,
                 mostSharedBytes);
    expectWithin("the flags of " + name, kernel.flags, 0, 0);
  }
}

/// The kinds of entry points, a bit for each.
uint32_t checkEntries(const moelora_variant &variant) {
  expectArray("entry points", variant.entry, variant.entries, 1,
              MOELORA_ENTRIES);
  uint32_t kinds = 0;
  for (uint32_t i = 0; i < variant.entries; ++i) {
    const moelora_entry &entry = variant.entry[i];
    expectWithin("the kind of an entry point", entry.kind, 0,
                 MOELORA_ENTRIES - 1);
    expectWithin("the flags of an entry point", entry.flags, 0,
                 MOELORA_ENTRY_PARTIAL);
    if (!entry.run || (kinds & bit(entry.kind)))
      fail("expects the entry points of a compiled layer to be functions of "
           "different kinds, but that of kind " +
           std::to_string(entry.kind) +
           (entry.run ? " is there twice" : " is null"));
    kinds |= bit(entry.kind);
  }
  return kinds;
}

/// Partial sums are f32, and have ranks to be added up over.
void checkPartial(const moelora_variant &variant) {
  int32_t grid[MOELORA_AXES], partial = 0, layers = 0;
  for (uint32_t i = 0; i < variant.entries; ++i)
    if (variant.entry[i].kind != MOELORA_ENTRY_RESOLVE) {
      ++layers;
      partial += variant.entry[i].flags & MOELORA_ENTRY_PARTIAL;
    }
  if (!partial)
    return;
  moelora_variant_grid(&variant, grid, nullptr);
  if (partial != layers || int64_t(grid[1]) * grid[2] == 1)
    fail("expects partial sums from all entry points of a layer that was cut "
         "over ep or tp, but " +
         std::to_string(partial) + " of " + std::to_string(layers) +
         " have them, and the grid is " + std::to_string(grid[0]) + " x " +
         std::to_string(grid[1]) + " x " + std::to_string(grid[2]));
  int32_t row =
      moelora_variant_operand(&variant, MOELORA_OUTPUT, MOELORA_PART_VALUES);
  int32_t type = variant.operand[row].dtype;
  if (type != MOELORA_F32)
    fail("expects the output of a partial entry point to be f32, but it is " +
         shownType(type));
}

void checkFacts(const moelora_facts &facts) {
  expectSize("the slot table", facts.size, sizeof facts);
  expectWithin("the number of slots", facts.slots, 0, MOELORA_MAX_SLOTS);
  if (facts.slots == 0)
    return;
  expectWithin("the adapters' element type", facts.dtype, MOELORA_F32,
               MOELORA_BF16);
  expectWithin("the page order", facts.page_order, MOELORA_PAGE_ROW_MAJOR,
               MOELORA_PAGE_FRAGMENT_MAJOR);
  expectWithin("the largest rank", facts.max_rank, 1, largestDimension);
  expectWithin("the adapters' number of experts", facts.experts, 0,
               MOELORA_MAX_ROUTED_EXPERTS);
  expectWithin("the adapters' number of logits", facts.logits, 0,
               MOELORA_MAX_ROUTED_EXPERTS);
  for (int64_t size :
       {facts.hidden, facts.width, facts.intermediate, facts.shared})
    expectWithin("a size of the adapters", size, 0, largestDimension);
  if (facts.projections >> MOELORA_PROJECTIONS)
    fail("expects the projections of a compiled layer to be known ones, but "
         "they are " +
         std::to_string(facts.projections));
  if (facts.shared_a & ~facts.projections)
    fail("expects the projections of which experts share A to be among those "
         "of the compiled layer, " +
         std::to_string(facts.projections) + ", but they are " +
         std::to_string(facts.shared_a));
}

/// A place is an expert of a peer rank, or -1.
void checkExpertMap(const moelora_variant &variant) {
  int32_t row = moelora_variant_operand(&variant, MOELORA_EXPERT_MAP,
                                        MOELORA_PART_VALUES),
          weight = moelora_variant_operand(&variant, MOELORA_DOWN_WEIGHT,
                                           MOELORA_PART_VALUES);
  if (!variant.expert_map)
    return;
  if (row < 0 || weight < 0)
    fail("expects a compiled layer with a map of experts to have it and the "
         "experts as operands, but one of them is missing");
  const moelora_operand &map = variant.operand[row];
  int64_t places =
      std::max(variant.grid[1], 1) * variant.operand[weight].shape[0];
  for (int64_t i = 0; i < map.shape[0] * map.shape[1]; ++i)
    expectWithin("the place of an expert", variant.expert_map[i], -1,
                 places - 1);
}

/// The number of peer ranks fits 32 bits.
void checkGrid(const moelora_variant &variant) {
  int64_t ranks = 1;
  for (int32_t size : variant.grid) {
    expectWithin("a size of the grid", size, 0, mostRanks);
    ranks *= std::max(size, 1);
  }
  expectWithin("the number of peer ranks", ranks, 1, mostRanks);
  expectWithin("the axes that cut tokens", variant.token_axes, 0,
               (1 << MOELORA_AXES) - 1);
  checkExpertMap(variant);
}

void checkVariant(const moelora_variant &variant, uint32_t minor) {
  constexpr uint32_t firstWithGrid = 3;
  bool hasGrid = minor >= firstWithGrid;
  expectSize("a variant", variant.size,
             hasGrid ? sizeof variant : leastVariant);
  if (!variant.target || !variant.tuning || !variant.needs)
    fail("expects a compiled layer to name its target, tuning and needs, but "
         "one of them is missing");
  if (!variant.workspace)
    fail("expects a compiled layer to tell its workspace, but the function is "
         "missing");
  expectAlignment("workspace", variant.workspace_align);
  expectWithin("the services", static_cast<int64_t>(variant.services), 0,
               2 * MOELORA_SERVICE_COLLECTIVE - 1);
  expectWithin("the largest number of tokens", variant.max_tokens, 0,
               largestInt);
  checkFacts(variant.adapters);
  checkOperands(variant);
  if (hasGrid)
    checkGrid(variant);
  checkKernels(variant);
}

} // namespace

void moelora::checkDescription(const moelora_artifact &artifact) {
  checkVersion(artifact);
  if (!artifact.producer || !artifact.name)
    fail("expects a compiled layer to name its producer and its layer, but one "
         "of them is missing");
  expectArray("variants", artifact.variant, artifact.variants, 1, mostVariants);
  uint32_t entries = 0;
  for (uint32_t i = 0; i < artifact.variants; ++i) {
    const moelora_variant &variant = variantAt(artifact, i);
    checkVariant(variant, artifact.minor);
    entries |= checkEntries(variant);
    checkPartial(variant);
  }
  if (artifact.layer)
    checkLayer(*artifact.layer, entries);
}
