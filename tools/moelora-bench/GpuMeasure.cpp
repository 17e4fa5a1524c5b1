// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times the cells of a grid on a device, beside the floor of lib/cost and the
// strategy of other engines.

#include "GpuMeasure.h"

#include "Gpu.h"
#include "GpuCell.h"
#include "Replays.h"
#include "moelora/host/Times.h"

#include <cstdio>
#include <filesystem>

using namespace moelora::host;

namespace moelora::bench {
namespace {

constexpr double steady = 0.05; // coefficient of variation, at most
constexpr const char *peerStrategy = "--strategy=unfused_peer";

cost::Gpu gpuOf(const moelora_device &device) {
  int64_t architecture = 0;
  call(device.query, device.context, int32_t(MOELORA_DEVICE_ARCHITECTURE),
       &architecture);
  if (auto gpu = cost::defaultGpu(architecture))
    return *gpu;
  throw Error(std::string("expects a GPU that lib/cost describes, but ") +
              device.name + " is sm_" + std::to_string(architecture));
}

bool hasGraphs(const moelora_device &device) {
  int64_t kind = 0;
  call(device.query, device.context, int32_t(MOELORA_DEVICE_KIND), &kind);
  return kind == MOELORA_DEVICE_KIND_CUDA;
}

/// What layers are compiled for.
std::string machineOf(const GpuOptions &options, int64_t architecture) {
  if (!options.target.empty())
    return "--target=" + options.target;
  bool emulated = options.device.rfind("emulator", 0) == 0;
  return std::string("--target=") + (emulated ? "emulated-" : "") + "sm_" +
         std::to_string(architecture);
}

/// Layers for the machine, as we compute them or as the peer does.
Limits limitsFor(const GpuOptions &options, int64_t architecture, bool peer) {
  std::vector<std::string> words = {machineOf(options, architecture)};
  if (peer)
    words.emplace_back(peerStrategy);
  return limitsOf(cellsOf(options), words);
}

std::string peersIn(const std::string &folder) { return folder + "/peer"; }

/// Opens layers that were prepared, or compiles them.
struct Opener {
  const GpuOptions &options;
  const std::string &folder; // of the tools
  int64_t architecture;
  host::Target target;

  Layer own(const Shape &shape) const {
    if (!options.prepared.empty())
      return Layer(shape, options.prepared, target);
    return makeLayer(shape, folder + "/moelora-compile",
                     limitsFor(options, architecture, false), target);
  }
  std::optional<Layer> peer(const Layer &own) const {
    if (!options.peer)
      return std::nullopt;
    std::optional<TemporaryFolder> made;
    std::string place = peersIn(options.prepared);
    if (options.prepared.empty()) {
      made.emplace(TemporaryFolder::prefixIn("", "moelora-bench"));
      place = made->path();
      compileShape(own.shape, folder + "/moelora-compile",
                   limitsFor(options, architecture, true), place);
    }
    return std::optional<Layer>(std::in_place, own.shape, place, target,
                                own.shared);
  }
};

/// The overhead of adapters as a share of the base, if that was measured and
/// both are right.
struct Overhead {
  double measured, floor;
};
std::optional<Overhead> overheadOf(const Measured &own,
                                   const std::vector<Measured> &all) {
  for (const Measured &base : all)
    if (base.shape == own.shape && base.cell.tokens == own.cell.tokens &&
        base.cell.adapters == 0 && own.cell.adapters > 0 &&
        base.own.verdict.right() && own.own.verdict.right())
      return Overhead{own.own.primary().seconds / base.own.primary().seconds -
                          1,
                      own.floor.seconds() / base.floor.seconds() - 1};
  return std::nullopt;
}

std::string overheadText(const std::optional<Overhead> &overhead) {
  return overhead ? formatted("%9.1f%% %+7.1f", 100 * overhead->measured,
                              100 * (overhead->measured - overhead->floor))
                  : formatted("%10s %7s", "-", "-");
}

/// The time of the peer, divided by ours.
std::optional<double> ratioOf(const Measured &own) {
  if (!own.peer || !own.peer->verdict.right() || !own.own.verdict.right())
    return std::nullopt;
  return own.peer->primary().seconds / own.own.primary().seconds;
}

void printHeader(const char *device) {
  std::printf("%s\n\n%-7s %6s %8s %4s %10s %6s %9s %8s %10s %7s %9s %6s %8s "
              "%6s\n",
              device, "shape", "tokens", "adapters", "rank", "us", "cv",
              "floor us", "% floor", "overhead", "points", "eager us", "peer",
              "launches", "error");
}

void printRow(const Measured &row, const std::vector<Measured> &all) {
  const Implementation &own = row.own;
  const Timing &time = own.primary();
  std::optional<double> ratio = ratioOf(row);
  bool right = own.verdict.right() && (!row.peer || row.peer->verdict.right());
  std::printf("%-7s %6lld %8d %4d %10.1f %5.1f%% %9.1f %7.1f%% %s %9.1f %6s "
              "%8zu %6.3f %s\n",
              row.shape.c_str(), static_cast<long long>(row.cell.tokens),
              row.cell.adapters, row.cell.rank, time.seconds * 1e6,
              100 * time.variation, row.floor.seconds() * 1e6,
              100 * row.floor.seconds() / time.seconds,
              overheadText(overheadOf(row, all)).c_str(),
              own.eager.seconds * 1e6,
              ratio ? formatted("%.2fx", *ratio).c_str() : "-", own.launches,
              own.verdict.worst,
              !right                    ? "VOID"
              : time.variation > steady ? "noisy"
                                        : "");
  std::fflush(stdout);
}

Json documentOf(const Timing &timing) {
  return {{"seconds", timing.seconds}, {"variation", timing.variation}};
}

/// The time of a wrong result is none.
Json documentOf(const Implementation &of) {
  Json document = {{"right", of.verdict.right()},
                   {"error_over_bound", of.verdict.worst},
                   {"workspace_bytes", of.workspaceBytes}};
  if (!of.verdict.right())
    return document;
  document["seconds"] = of.primary().seconds;
  document["variation"] = of.primary().variation;
  document["eager"] = documentOf(of.eager);
  if (of.graph)
    document["launches"] = of.launches;
  return document;
}

Json documentOf(const Measured &row, const std::vector<Measured> &all) {
  Json document = documentOf(row.own);
  document["shape"] = row.shape;
  document["tokens"] = row.cell.tokens;
  document["adapters"] = row.cell.adapters;
  document["rank"] = row.cell.rank;
  document["floor_seconds"] = row.floor.seconds();
  if (auto overhead = overheadOf(row, all)) {
    document["overhead"] = overhead->measured;
    document["floor_overhead"] = overhead->floor;
  }
  if (row.peer)
    document["peer"] = documentOf(*row.peer);
  return document;
}

/// What was measured so far. The file is complete after each cell.
class Grid {
public:
  Grid(const GpuOptions &options, const char *device) : options(options) {
    document = {{"device", device},
                {"repeat", options.repeat},
                {"complete", false},
                {"cells", Json::array()}};
    printHeader(device);
  }

  bool isOver() const {
    return options.seconds && watch.seconds() > double(options.seconds);
  }

  void add(Measured row) {
    verdict.add(row.own.verdict);
    if (row.peer)
      verdict.add(row.peer->verdict);
    all.push_back(std::move(row));
    printRow(all.back(), all);
    document["cells"].push_back(documentOf(all.back(), all));
    write();
  }

  void finish() {
    size_t wanted = options.shapes.size() * cellsOf(options).size();
    document["complete"] = all.size() == wanted;
    write();
    if (!verdict.right())
      throw Error("a cell is wrong: " + verdict.failure());
    if (all.size() < wanted)
      std::printf("no time is left for %zu of %zu cells\n", wanted - all.size(),
                  wanted);
  }

private:
  void write() const {
    if (options.json.empty())
      return;
    writeJson(options.json + ".part", document);
    std::filesystem::rename(options.json + ".part", options.json);
  }

  const GpuOptions &options;
  Stopwatch watch;
  std::vector<Measured> all;
  reference::Verdict verdict;
  Json document;
};

/// Cells that share a slot table, because only their tokens differ.
void measureTokens(const Layer &own, const std::optional<Layer> &peer,
                   const AdapterCount &count, const GpuOptions &options,
                   const Protocol &protocol, Grid &grid) {
  GpuOptions some = options;
  some.adapters = {count};
  std::vector<Cell> cells = cellsOf(some);
  AdaptedLayer adapted(own, ranksOf(cells.front()));
  std::optional<AdaptedLayer> other;
  if (peer)
    other.emplace(*peer, ranksOf(cells.front()));
  for (const Cell &cell : cells)
    if (!grid.isOver())
      grid.add(measure(adapted, other ? &*other : nullptr, cell, protocol));
}

} // namespace

void prepareGpu(const GpuOptions &options, const std::string &folder) {
  for (bool peer : {false, true}) {
    if (peer && !options.peer)
      continue;
    std::string place = peer ? peersIn(options.prepare) : options.prepare;
    std::filesystem::create_directories(place);
    Limits limits = limitsFor(options, options.architectures.front(), peer);
    for (const Shape &shape : options.shapes)
      compileShape(shape, folder + "/moelora-compile", limits, place);
  }
}

void runGpu(const GpuOptions &options, const std::string &folder) {
  DeviceHandle device = openDevice(options.device);
  cost::Gpu gpu = gpuOf(*device);
  Pool pool(0);
  std::optional<CudaStream> stream;
  if (hasGraphs(*device))
    stream.emplace(*device);
  Flush flush(*device, gpu);
  Opener opener = {
      options, folder, gpu.architecture, {device.get(), pool.services}};
  Protocol protocol = {flush, gpu, stream ? &*stream : nullptr, options.repeat};
  Grid grid(options, device->name);
  for (const Shape &shape : options.shapes) {
    if (grid.isOver())
      break;
    Layer own = opener.own(shape);
    std::optional<Layer> peer = opener.peer(own);
    for (const AdapterCount &count : options.adapters)
      if (!grid.isOver())
        measureTokens(own, peer, count, options, protocol, grid);
  }
  grid.finish();
}

void replayGpu(const GpuOptions &options, const std::string &folder) {
  DeviceHandle device = openDevice(options.device);
  Pool pool(0);
  Opener opener = {options,
                   folder,
                   gpuOf(*device).architecture,
                   {device.get(), pool.services}};
  Json rows = Json::array();
  for (const Shape &shape : options.shapes) {
    Layer layer = opener.own(shape);
    Cell cell = cellsOf(options).front();
    cell.adapters = layer.compiled.variant.adapters.slots;
    rows.push_back(replay(layer, cell, options.replays));
  }
  if (!options.json.empty())
    writeJson(options.json,
              {{"device", device->name}, {"graphs", std::move(rows)}});
}

} // namespace moelora::bench
