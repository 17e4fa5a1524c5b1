// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "EmulatedLaunches.h"

#include "Schedules.h"
#include "moelora/host/Buffer.h"

#include <algorithm>
#include <cstdio>
#include <fstream>

using namespace moelora::host;

namespace moelora::bench {
namespace {

constexpr double sectorBytes = 32;

/// The tile of the launched kernel of a stage.
cost::Tile tileOf(std::vector<EmulatedLaunch> &launches,
                  const std::string &stage, const Tiles &tiles) {
  for (EmulatedLaunch &launch : launches)
    if (stageOf(launch.kernel) == stage) {
      auto found = tiles.find(tokensOf(launch.kernel));
      if (found == tiles.end())
        break;
      launch.tile = found->second;
      return found->second;
    }
  throw Error("expects a launch of " + stage + " with a tile of the schedule");
}

/// How many launches are of a stage.
int64_t countOf(const std::vector<EmulatedLaunch> &launches,
                const std::string &stage) {
  return std::count_if(launches.begin(), launches.end(),
                       [&](const EmulatedLaunch &launch) {
                         return stageOf(launch.kernel) == stage;
                       });
}

/// Reads the launches of a report, and of nothing else.
std::vector<EmulatedLaunch> readReport(const std::string &path) {
  std::vector<EmulatedLaunch> launches;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    Json launch = Json::parse(line);
    if (!launch.contains("kernel"))
      continue;
    auto count = [&](const char *name) { return launch[name].get<double>(); };
    launches.push_back(
        {launch["kernel"], launch["mmas"], launch["bank_conflicts"],
         sectorBytes * (count("load_sectors") + count("store_sectors")),
         count("load_bytes") + count("store_bytes"), std::nullopt,
         std::nullopt});
  }
  return launches;
}

/// The model's launches have the order of the kernels, so the second shrink is
/// that of down.
void addModel(EmulatedBatch &batch, const LayerTiles &tiles) {
  const Shape &shape = batch.shape;
  cost::LayerShape layer = {shape.hidden, shape.intermediate, shape.experts,
                            shape.topK};
  const Cell &cell = batch.cell;
  cost::Schedule schedule = {cost::Strategy::InPlace,
                             tileOf(batch.launches, "gate_up", tiles.gateUp),
                             tileOf(batch.launches, "down", tiles.down),
                             countOf(batch.launches, "shrink") > 1};
  cost::Counts counts = {double(cell.tokens * shape.topK),
                         double(batch.groups.experts),
                         double(batch.groups.segments)};
  if (cell.mixed)
    return; // the model has one rank
  auto modelled =
      estimate(*cost::defaultGpu(batch.architecture), layer,
               {cell.tokens, cell.adapters, cell.rank}, schedule, counts)
          .launches;
  for (EmulatedLaunch &launch : batch.launches) {
    auto found =
        std::find_if(modelled.begin(), modelled.end(), [&](const auto &model) {
          std::string name = model.name;
          return stageOf(launch.kernel) == name.substr(0, name.rfind("_down"));
        });
    if (found == modelled.end())
      continue;
    launch.model = *found;
    modelled.erase(found);
  }
}

EmulatedBatch emulateCell(const Layer &layer, const Cell &cell,
                          const LayerTiles &tiles, int32_t architecture,
                          const std::string &report) {
  AdaptedLayer adapted(layer, ranksOf(cell));
  Problem problem(adapted, cell);
  // Everything before has not been launched for this batch.
  std::ofstream(report, std::ios::trunc).close();
  problem.run();
  reference::Verdict verdict = problem.compare();
  if (!verdict.right())
    throw Error("a cell is wrong: " + verdict.failure());
  EmulatedBatch batch = {
      layer.shape, architecture, cell,
      groupsOf(layer.shape, problem.routings.front(), ranksOf(cell)),
      readReport(report)};
  addModel(batch, tiles);
  return batch;
}

std::string modelText(const EmulatedLaunch &launch) {
  constexpr const char *limiters[] = {"bandwidth",     "L2",    "tensor cores",
                                      "shared memory", "issue", "latency"};
  if (!launch.model)
    return "-";
  const cost::Launch &model = *launch.model;
  return formatted("%9.3f %6.2f %9.1f  %s", model.touched / 1e6,
                   launch.touched / model.touched, model.seconds * 1e6,
                   limiters[int(model.limiter)]);
}

} // namespace

std::vector<EmulatedBatch> emulate(const Shape &shape, int32_t architecture,
                                   const std::vector<Cell> &cells,
                                   const std::string &folder) {
  TemporaryFolder made(TemporaryFolder::prefixIn("", "moelora-bench"));
  std::string report = made.path() + "/launches.jsonl";
  std::string config = made.path() + "/config.json";
  writeJson(config, configOf(shape, 1));
  LayerTiles tiles = readTiles(folder, config, architecture);
  DeviceHandle device =
      openDevice("emulator:architecture=" + std::to_string(architecture) +
                 ",report=" + report);
  Pool pool(0);
  Limits limits =
      limitsOf(cells, {"--target=emulated-sm_" + std::to_string(architecture)});
  Layer layer = makeLayer(shape, folder + "/moelora-compile", limits,
                          {device.get(), pool.services});
  std::vector<EmulatedBatch> batches;
  for (const Cell &cell : cells)
    batches.push_back(emulateCell(layer, cell, tiles, architecture, report));
  return batches;
}

void printLaunches(const EmulatedBatch &batch) {
  const Cell &cell = batch.cell;
  std::printf("\n%s for sm_%lld: %lld tokens, %d adapters of rank %d%s; %lld "
              "experts, %lld segments\n%-12s %10s %9s %9s %9s %9s %6s %9s  "
              "%s\n",
              batch.shape.name.c_str(),
              static_cast<long long>(batch.architecture),
              static_cast<long long>(cell.tokens), cell.adapters, cell.rank,
              cell.mixed ? " and less" : "",
              static_cast<long long>(batch.groups.experts),
              static_cast<long long>(batch.groups.segments), "launch", "mma",
              "conflicts", "MB asked", "MB once", "model MB", "ratio",
              "model us", "limited by");
  for (const EmulatedLaunch &launch : batch.launches)
    std::printf("%-12s %10lld %9lld %9.3f %9.3f %s\n", launch.kernel.c_str(),
                static_cast<long long>(launch.mmas),
                static_cast<long long>(launch.bankConflicts),
                launch.requested / 1e6, launch.touched / 1e6,
                modelText(launch).c_str());
  std::fflush(stdout);
}

Json documentOf(const EmulatedBatch &batch) {
  Json launches = Json::array();
  for (const EmulatedLaunch &launch : batch.launches) {
    Json row = {{"kernel", launch.kernel},
                {"mmas", launch.mmas},
                {"bank_conflicts", launch.bankConflicts},
                {"requested_bytes", launch.requested},
                {"touched_bytes", launch.touched}};
    if (launch.tile)
      row["tile"] = {{"features", launch.tile->features},
                     {"tokens", launch.tile->tokens}};
    if (launch.model)
      row["model"] = {{"name", launch.model->name},
                      {"touched_bytes", launch.model->touched},
                      {"device_bytes", launch.model->bytes},
                      {"seconds", launch.model->seconds},
                      {"limiter", int(launch.model->limiter)}};
    launches.push_back(std::move(row));
  }
  const Cell &cell = batch.cell;
  return {{"shape", batch.shape.name},
          {"hidden", batch.shape.hidden},
          {"intermediate", batch.shape.intermediate},
          {"architecture", batch.architecture},
          {"tokens", cell.tokens},
          {"adapters", cell.adapters},
          {"rank", cell.rank},
          {"ranks", ranksOf(cell)},
          {"experts", batch.groups.experts},
          {"segments", batch.groups.segments},
          {"pages_of_groups", batch.groups.pagesOfGroups},
          {"rows", cell.tokens * batch.shape.topK},
          {"pages_of_rows", batch.groups.pagesOfRows},
          {"pages_of_segments", batch.groups.pagesOfSegments},
          {"launches", std::move(launches)}};
}

} // namespace moelora::bench
