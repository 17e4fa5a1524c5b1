// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Times the cells of a grid on a device, beside the floor of lib/cost. A time
// is the median from the call of the host to the end of the work, so it
// includes enqueueing the launches.

#include "GpuMeasure.h"

#include "Gpu.h"
#include "Replays.h"
#include "moelora/cost/Batch.h"
#include "moelora/host/Times.h"

#include <cmath>
#include <cstdio>

using namespace moelora::host;

namespace moelora::bench {
namespace {

constexpr int64_t warmUps = 3, decodeTokens = 64;
constexpr double steady = 0.05; // coefficient of variation, at most

struct Measured {
  std::string shape;
  Cell cell;
  double seconds, variation; // coefficient of
  cost::Floor floor;
  uint64_t workspaceBytes;
  reference::Verdict verdict;
};

cost::Gpu gpuOf(const moelora_device &device) {
  int64_t architecture = 0;
  call(device.query, device.context, int32_t(MOELORA_DEVICE_ARCHITECTURE),
       &architecture);
  if (auto gpu = cost::defaultGpu(architecture))
    return *gpu;
  throw Error(std::string("expects a GPU that lib/cost describes, but ") +
              device.name + " is sm_" + std::to_string(architecture));
}

/// What layers are compiled for.
std::string machineOf(const GpuOptions &options, int64_t architecture) {
  if (!options.target.empty())
    return "--target=" + options.target;
  bool emulated = options.device.rfind("emulator", 0) == 0;
  return std::string("--target=") + (emulated ? "emulated-" : "") + "sm_" +
         std::to_string(architecture);
}

/// Replaces what is in the L2 cache.
class Flush {
public:
  Flush(const moelora_device &device, const cost::Gpu &gpu)
      : device(device), bytes(uint64_t(gpu.l2Bytes)) {
    call(device.allocate, device.context, 2 * bytes, &memory);
  }
  ~Flush() { device.release(device.context, memory, 2 * bytes); }
  Flush(const Flush &) = delete;

  void operator()() const {
    moelora_stream *none = nullptr;
    auto *to = static_cast<char *>(memory);
    const void *from = to + bytes;
    call(device.copy, device.context, none, memory, from, bytes);
    finish(device);
  }

private:
  const moelora_device &device;
  uint64_t bytes;
  void *memory = nullptr;
};

double variationOf(const std::vector<double> &values) {
  double sum = 0, squares = 0;
  for (double value : values)
    sum += value;
  double mean = sum / double(values.size());
  for (double value : values)
    squares += (value - mean) * (value - mean);
  return std::sqrt(squares / double(values.size())) / mean;
}

/// The mean over the routings of a cell.
cost::Counts countsOf(const Shape &shape, const Cell &cell,
                      const std::vector<Routing> &routings) {
  cost::Counts mean = {double(cell.tokens * shape.topK), 0, 0};
  for (const Routing &routing : routings) {
    Groups groups = groupsOf(shape, routing, ranksOf(cell));
    mean.experts += double(groups.experts) / double(routings.size());
    mean.segments += double(groups.segments) / double(routings.size());
  }
  return mean;
}

Measured measure(const Layer &layer, const Cell &cell, const Flush &flush,
                 const cost::Gpu &gpu, int64_t repeat) {
  AdaptedLayer adapted(layer, ranksOf(cell));
  Problem problem(adapted, cell);
  for (int64_t run = 0; run < warmUps; ++run)
    problem.run();
  std::vector<double> times;
  for (int64_t run = 0; run < repeat; ++run) {
    if (cell.tokens <= decodeTokens)
      flush();
    times.push_back(secondsOf([&] { problem.repeat(); }));
  }
  const Shape &shape = layer.shape;
  cost::Floor floor = floorOf(
      gpu, {shape.hidden, shape.intermediate, shape.experts, shape.topK},
      {cell.tokens, cell.adapters, cell.rank},
      countsOf(shape, cell, problem.routings));
  return {shape.name,         cell,  median(times),
          variationOf(times), floor, problem.workspaceBytes(),
          problem.compare()};
}

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
        base.verdict.right() && own.verdict.right())
      return Overhead{own.seconds / base.seconds - 1,
                      own.floor.seconds() / base.floor.seconds() - 1};
  return std::nullopt;
}

std::string overheadText(const std::optional<Overhead> &overhead) {
  return overhead ? formatted("%9.1f%% %+7.1f", 100 * overhead->measured,
                              100 * (overhead->measured - overhead->floor))
                  : formatted("%10s %7s", "-", "-");
}

void printRow(const Measured &own, const std::vector<Measured> &all) {
  std::printf("%-6s %6lld %8d %4d %10.1f %5.1f%% %9.1f %7.1f%% %s %8.1f %6.3f "
              "%s\n",
              own.shape.c_str(), static_cast<long long>(own.cell.tokens),
              own.cell.adapters, own.cell.rank, own.seconds * 1e6,
              100 * own.variation, own.floor.seconds() * 1e6,
              100 * own.floor.seconds() / own.seconds,
              overheadText(overheadOf(own, all)).c_str(),
              double(own.workspaceBytes) / (1 << 20), own.verdict.worst,
              !own.verdict.right()     ? "VOID"
              : own.variation > steady ? "noisy"
                                       : "");
  std::fflush(stdout);
}

Json documentOf(const Measured &own, const std::vector<Measured> &all) {
  Json row = {{"shape", own.shape},
              {"tokens", own.cell.tokens},
              {"adapters", own.cell.adapters},
              {"rank", own.cell.rank},
              {"right", own.verdict.right()},
              {"error_over_bound", own.verdict.worst},
              {"workspace_bytes", own.workspaceBytes},
              {"floor_seconds", own.floor.seconds()}};
  if (!own.verdict.right())
    return row; // the time of a wrong result is none
  row["seconds"] = own.seconds;
  row["variation"] = own.variation;
  if (auto overhead = overheadOf(own, all)) {
    row["overhead"] = overhead->measured;
    row["floor_overhead"] = overhead->floor;
  }
  return row;
}

/// The layer that was prepared, or that is compiled now.
Layer openLayer(const GpuOptions &options, const Shape &shape,
                int64_t architecture, const std::string &folder,
                const host::Target &target) {
  if (!options.prepared.empty())
    return Layer(shape, options.prepared, target);
  return makeLayer(shape, folder + "/moelora-compile",
                   limitsOf(cellsOf(options), machineOf(options, architecture)),
                   target);
}

} // namespace

void prepareGpu(const GpuOptions &options, const std::string &folder) {
  std::string machine = machineOf(options, options.architectures.front());
  for (const Shape &shape : options.shapes)
    compileShape(shape, folder + "/moelora-compile",
                 limitsOf(cellsOf(options), machine), options.prepare);
}

void runGpu(const GpuOptions &options, const std::string &folder) {
  DeviceHandle device = openDevice(options.device);
  cost::Gpu gpu = gpuOf(*device);
  Pool pool(0);
  host::Target target = {device.get(), pool.services};
  Flush flush(*device, gpu);
  std::printf("%s\n\n%-6s %6s %8s %4s %10s %6s %9s %8s %10s %7s %8s %6s\n",
              device->name, "shape", "tokens", "adapters", "rank", "us", "cv",
              "floor us", "% floor", "overhead", "points", "MiB", "error");
  std::vector<Measured> all;
  reference::Verdict verdict;
  Json rows = Json::array();
  for (const Shape &shape : options.shapes) {
    auto cells = cellsOf(options);
    Layer layer = openLayer(options, shape, gpu.architecture, folder, target);
    for (const Cell &cell : cells) {
      all.push_back(measure(layer, cell, flush, gpu, options.repeat));
      printRow(all.back(), all);
      rows.push_back(documentOf(all.back(), all));
      verdict.add(all.back().verdict);
    }
  }
  if (!options.json.empty())
    writeJson(options.json, {{"device", device->name},
                             {"repeat", options.repeat},
                             {"cells", std::move(rows)}});
  if (!verdict.right())
    throw Error("a cell is wrong: " + verdict.failure());
}

void replayGpu(const GpuOptions &options, const std::string &folder) {
  DeviceHandle device = openDevice(options.device);
  cost::Gpu gpu = gpuOf(*device);
  Pool pool(0);
  host::Target target = {device.get(), pool.services};
  Json rows = Json::array();
  for (const Shape &shape : options.shapes) {
    Layer layer = openLayer(options, shape, gpu.architecture, folder, target);
    Cell cell = cellsOf(options).front();
    cell.adapters = layer.compiled.variant.adapters.slots;
    rows.push_back(replay(layer, cell, options.replays));
  }
  if (!options.json.empty())
    writeJson(options.json,
              {{"device", device->name}, {"graphs", std::move(rows)}});
}

} // namespace moelora::bench
