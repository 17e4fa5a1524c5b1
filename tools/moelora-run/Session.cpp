// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Session.h"

#include "RunAdapters.h"
#include "moelora/commandline/Progress.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <sys/resource.h>

using namespace moelora;
using namespace moelora::host;
using namespace moelora::run;

Session::Session(const Options &options)
    : options(options), pool(options.threads),
      progress(commandline::printProgress()),
      model(models::Failure{"no model"}) {}

std::string Session::run() {
  openModel();
  openAdapters();
  readInputs();
  readWeights();
  if (options.reference)
    runReference();
  else
    runCpu();
  if (inputs.expected)
    compareWithExpected();
  else if (options.io.empty() && !options.reference)
    compareWithReference();
  noteMemory();
  if (wrong.empty() && !options.out.empty())
    writeOutput();
  return wrong;
}

void Session::openModel() {
  moelora_artifact_file *loaded = nullptr;
  call(moelora_artifact_load, options.artifact.c_str(), &loaded);
  file.reset(loaded);
  artifact = moelora_artifact_of(loaded, 0);
  variant = moelora_artifact_variant(artifact, "cpu");
  if (!variant)
    throw Error(options.artifact + " was not compiled for cpu");
  layer = options.layer >= 0 ? options.layer : artifact->first_layer;
  if (layer < 0)
    throw Error(options.artifact + " was not compiled for a layer of a model; "
                                   "name one with --layer=N");
  model = models::loadModel(options.model);
  if (!model)
    throw Error(model.message());
  if (!model->isMoe(layer))
    throw Error("expects layer " + std::to_string(layer) + " of " +
                options.model + " to have experts, but it has none");
  callFor(options.artifact + ": ", moelora_artifact_match, artifact,
          &model->layer(layer));
  lines.add(Report::Always, "model", model->modelType());
  lines.add(Report::Always, "layer", int64_t(layer));
  lines.add(Report::Always, "device", options.reference ? "reference" : "cpu");
  lines.add(Report::Statistics, "producer", artifact->producer);
  lines.add(Report::Statistics, "compiled_for", variant->tuning);
  lines.add(Report::Statistics, "threads", int64_t(services.workers));
}

void Session::openAdapters() {
  Stopwatch watch;
  adapters = run::openAdapters(options, *model, layer, *variant);
  lines.add(Report::Always, "adapters", int64_t(adapters.size()));
  lines.add(Report::Statistics, "adapters_open_ms", watch.milliseconds());
}

void Session::readInputs() {
  InputWish wish = {*variant, options.entry, int32_t(adapters.size()),
                    options.reference};
  inputs = options.io.empty()
               ? randomInputs(options.tokens, options.seed, wish, services)
               : host::readInputs(options.io, wish);
  lines.add(Report::Always, "tokens", inputs.tokens);
  if (options.io.empty())
    lines.add(Report::Always, "seed", options.seed);
}

void Session::readWeights() {
  if (!options.randomWeights && !std::filesystem::is_directory(options.model))
    throw Error("expects --model to be a folder with weights, but " +
                options.model + " is a file; --random-weights makes them up");
  Stopwatch watch;
  weights = options.randomWeights
                ? randomWeights(*model, layer, options.seed, services)
                : loadWeights(*model, layer, options.model, options.reference,
                              progress);
  lines.add(Report::Statistics, "weights_ms", watch.milliseconds());
  lines.add(Report::Statistics, "weights_bytes", int64_t(weights.bytes));
  if (!weights.note.empty())
    lines.add(Report::Always, "note", weights.note);
}

Exact Session::exact() const {
  return Exact(*artifact->layer, layer, options.entry, inputs, weights,
               adapters);
}

void Session::runReference() {
  std::vector<int64_t> tokens(size_t(inputs.tokens));
  std::iota(tokens.begin(), tokens.end(), int64_t(0));
  Stopwatch watch;
  all = exact().evaluate(tokens, inputs.expected.has_value(), services.workers,
                         progress);
  noteTimes({watch.milliseconds()});
  output.type = MOELORA_F64;
  output.buffer = Buffer(all.rows.size() * sizeof(double));
  std::copy(all.rows.begin(), all.rows.end(),
            reinterpret_cast<double *>(output.buffer.data()));
}

void Session::runCpu() {
  Stopwatch watch;
  SlotTable table(adapters, *variant, *model, layer, services);
  lines.add(Report::Statistics, "slot_table_ms", watch.milliseconds());
  BoundLayer bound(*artifact, layer, weights, table, services);
  host::Run run(bound, options.entry, inputs, table);
  std::vector<double> times;
  moelora_run_stats before = {};
  ProgressCount count(progress, size_t(options.repeat), "runs");
  if (options.repeat > 1)
    run.run(); // to warm up
  for (int32_t i = 0; i < options.repeat; ++i, count.advance()) {
    before = statsOf(table.get()).runs;
    Stopwatch once;
    run.run();
    times.push_back(once.milliseconds());
  }
  noteTimes(times);
  noteStats(run, before, statsOf(table.get()));
  output.type = moelora_dtype(artifact->layer->dtype);
  output.buffer = std::move(run.output);
}

void Session::compareWithExpected() {
  if (!options.reference) {
    std::vector<int64_t> tokens(size_t(inputs.tokens));
    std::iota(tokens.begin(), tokens.end(), int64_t(0));
    all = exact().evaluate(tokens, true, services.workers, progress);
  }
  note(compare(output, artifact->layer->hidden, all, &*inputs.expected),
       "expected");
}

void Session::compareWithReference() {
  Stopwatch watch;
  ExactRows sample = exact().evaluate(sampleTokens(inputs.tokens), true,
                                      services.workers, progress);
  note(compare(output, artifact->layer->hidden, sample, nullptr), "reference");
  lines.add(Report::Statistics, "reference_ms", watch.milliseconds());
}

void Session::note(const reference::Verdict &verdict, const char *against) {
  bool compared = verdict.rows > 0;
  wrong = verdict.failure();
  lines.add(Report::Always, "compared_with", compared ? against : "nothing");
  lines.add(Report::Always, "rows_compared", verdict.compared);
  if (!compared)
    return;
  if (verdict.undecided)
    lines.add(Report::Always, "rows_left_out_as_near_ties", verdict.undecided);
  lines.add(Report::Always, "worst_error_per_bound", verdict.worst);
  lines.add(Report::Always, "right", wrong.empty());
  auto detail = wrong.empty() ? Report::Statistics : Report::Always;
  lines.add(detail, "worst_token", verdict.token);
  lines.add(detail, "worst_column", verdict.column);
  lines.add(detail, "worst_found", verdict.found);
  lines.add(detail, "worst_wanted", verdict.wanted);
}

void Session::noteTimes(const std::vector<double> &milliseconds) {
  double middle = median(milliseconds);
  lines.add(Report::Always, "median_ms", middle);
  lines.add(Report::Always, "min_ms", quantile(milliseconds, 0));
  lines.add(Report::Always, "tokens_per_second",
            middle > 0 ? double(inputs.tokens) / middle * 1000 : 0.0);
}

/// Counters of the table are of the whole session, warm-up and repetitions
/// included; those of ids are of the last run, too.
void Session::noteStats(const host::Run &run, const moelora_run_stats &before,
                        const moelora_slot_table_stats &table) {
  lines.add(Report::Statistics, "workspace_bytes", run.workspaceBytes());
  lines.add(Report::Statistics, "masked_slots",
            table.runs.masked_slots - before.masked_slots);
  lines.add(Report::Statistics, "stale_slots",
            table.runs.stale_slots - before.stale_slots);
  lines.add(Report::Statistics, "dropped_pairs", run.stats().dropped_pairs);
  const std::pair<const char *, uint64_t> counts[] = {
      {"slots", uint64_t(table.slots)},
      {"slots_used", uint64_t(table.used_slots)},
      {"slots_leased", uint64_t(table.leased_slots)},
      {"slot_table_bytes", table.held.bytes},
      {"slot_table_index_bytes", table.held.index_bytes},
      {"slot_table_page_bytes", table.held.page_bytes},
      {"slot_table_exact_bytes", table.held.exact_bytes},
      {"slot_table_pages", table.held.pages},
      {"slot_table_read_bytes", table.read_bytes},
      {"slot_hits", table.hits},
      {"slot_misses", table.misses},
      {"slot_loads", table.loads},
      {"slot_replaced", table.replaced},
      {"slot_failed_loads", table.failed_loads},
      {"slot_evictions", table.evictions},
      {"ids_masked", table.runs.masked_slots},
      {"ids_stale", table.runs.stale_slots}};
  for (const auto &[key, value] : counts)
    lines.add(Report::Statistics, key, value);
  constexpr double nsPerMs = 1e6, nsPerUs = 1e3;
  lines.add(Report::Statistics, "load_stage_ms",
            double(table.stage_ns) / nsPerMs);
  lines.add(Report::Statistics, "load_stage_longest_ms",
            double(table.longest_stage_ns) / nsPerMs);
  lines.add(Report::Statistics, "load_publish_us",
            double(table.publish_ns) / nsPerUs);
  lines.add(Report::Statistics, "load_publish_longest_us",
            double(table.longest_publish_ns) / nsPerUs);
}

void Session::noteMemory() {
  constexpr int64_t BytesPerUnit = 1024; // of ru_maxrss, on Linux
  rusage usage = {};
  getrusage(RUSAGE_SELF, &usage);
  lines.add(Report::Statistics, "peak_rss_bytes",
            int64_t(usage.ru_maxrss) * BytesPerUnit);
}

void Session::writeOutput() const {
  moelora_tensor_data tensor = {};
  tensor.name = "output";
  tensor.dtype = output.type;
  tensor.dims = 2;
  tensor.shape[0] = inputs.tokens;
  tensor.shape[1] = artifact->layer->hidden;
  tensor.data = output.buffer.data();
  call(moelora_safetensors_write, options.out.c_str(), &tensor, int64_t(1));
}
