// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "Session.h"

#include "moelora/adapters/Open.h"
#include "moelora/commandline/Progress.h"
#include "moelora/commandline/Values.h"
#include "moelora/host/Compare.h"
#include "moelora/host/Machine.h"
#include "moelora/host/RunReport.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <numeric>

using namespace moelora;
using namespace moelora::host;
using namespace moelora::run;

/// A name that is no device's is a wrong command line.
static const moelora_device *openDevice(const Options &options) {
  if (options.onReference())
    return nullptr;
  const moelora_device *device = nullptr;
  moelora_error *error = nullptr;
  moelora_status status =
      moelora_device_open(options.device.c_str(), &device, &error);
  std::string text = std::string("--device expects reference or a device: ") +
                     moelora_error_text(error);
  moelora_error_free(error);
  if (status == MOELORA_INVALID)
    throw commandline::UsageError(text);
  if (status != MOELORA_OK)
    throw Error(text);
  return device;
}

Session::Session(const Options &options)
    : options(options), pool(options.threads),
      progress(commandline::printProgress()), device(openDevice(options)),
      layer(options.artifact, options.model, {device.get(), services},
            options.layer) {}

std::string Session::run() {
  describe();
  openAdapters();
  readInputs();
  readWeights();
  if (device)
    runOnDevice();
  else
    runReference();
  if (inputs.expected)
    compareWithExpected(*inputs.expected);
  else if (options.io.empty() && device)
    compareWithReference();
  lines.add(Report::Statistics, "peak_rss_bytes", peakMemory());
  if (wrong.empty() && !options.out.empty())
    writeOutput();
  return wrong;
}

void Session::describe() {
  lines.add(Report::Always, "model", layer.model.modelType());
  lines.add(Report::Always, "layer", int64_t(layer.number));
  lines.add(Report::Always, "device", device ? device->name : "reference");
  if (device)
    lines.add(Report::Always, "target", layer.variant.target);
  lines.add(Report::Statistics, "producer", layer.artifact.producer);
  lines.add(Report::Statistics, "compiled_for", layer.variant.tuning);
  lines.add(Report::Statistics, "threads", int64_t(services.workers));
}

/// Such an adapter is right, and probably not what was meant.
static void noteEffect(const OpenAdapter &adapter) {
  if (!hasEffect(adapter.handle.get(), "adapter " + adapter.name + ": "))
    std::fprintf(stderr,
                 "note: adapter %s changes nothing: each pair has the scale 0, "
                 "or an A or B of zeros\n",
                 adapter.name.c_str());
}

void Session::openAdapters() {
  Stopwatch watch;
  adapters = adapters::openAdapters(layer, options.adapters,
                                    options.randomAdapters, options.seed);
  std::for_each(adapters.begin(), adapters.end(), noteEffect);
  lines.add(Report::Always, "adapters", int64_t(adapters.size()));
  lines.add(Report::Statistics, "adapters_open_ms", watch.milliseconds());
}

void Session::readInputs() {
  InputWish wish = {layer.variant, options.entry, int32_t(adapters.size()),
                    options.onReference()};
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
  weights =
      options.randomWeights
          ? randomWeights(layer.model, layer.number, options.seed, services)
          : loadWeights(layer.model, layer.number, options.model,
                        options.onReference(), progress);
  lines.add(Report::Statistics, "weights_ms", watch.milliseconds());
  lines.add(Report::Statistics, "weights_bytes", int64_t(weights.bytes));
  if (!weights.note.empty())
    lines.add(Report::Always, "note", weights.note);
}

Exact Session::exact() const {
  return Exact(*layer.artifact.layer, layer.number, options.entry, inputs,
               weights, adapters);
}

void Session::runReference() {
  std::vector<int64_t> tokens(size_t(inputs.tokens));
  std::iota(tokens.begin(), tokens.end(), int64_t(0));
  Stopwatch watch;
  all = exact().evaluate(tokens, inputs.expected.has_value(), services.workers,
                         progress);
  reportTimes(lines, {watch.milliseconds()}, inputs.tokens);
  output.type = MOELORA_F64;
  output.buffer = Buffer(all.rows.size() * sizeof(double));
  std::copy(all.rows.begin(), all.rows.end(),
            reinterpret_cast<double *>(output.buffer.data()));
}

void Session::runOnDevice() {
  Stopwatch watch;
  SlotTable table(adapters, layer);
  lines.add(Report::Statistics, "slot_table_ms", watch.milliseconds());
  BoundLayer bound(layer, weights, table);
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
  run.fetch();
  reportTimes(lines, times, inputs.tokens);
  reportStatistics(lines, run, before, statsOf(table.get()));
  output.type = moelora_dtype(layer.artifact.layer->dtype);
  output.buffer = std::move(run.output);
}

void Session::compareWithExpected(const std::vector<double> &expected) {
  if (device) {
    std::vector<int64_t> tokens(size_t(inputs.tokens));
    std::iota(tokens.begin(), tokens.end(), int64_t(0));
    all = exact().evaluate(tokens, true, services.workers, progress);
  }
  note(all, &expected, "expected");
}

void Session::compareWithReference() {
  Stopwatch watch;
  ExactRows sample = exact().evaluate(sampleTokens(inputs.tokens), true,
                                      services.workers, progress);
  note(sample, nullptr, "reference");
  lines.add(Report::Statistics, "reference_ms", watch.milliseconds());
}

void Session::note(const ExactRows &exact, const std::vector<double> *wanted,
                   const char *against) {
  reference::Verdict verdict =
      compare(output, layer.artifact.layer->hidden, exact, wanted);
  wrong = verdict.failure();
  reportVerdict(lines, verdict, against);
}

void Session::writeOutput() const {
  moelora_tensor_data tensor = {};
  tensor.name = "output";
  tensor.dtype = output.type;
  tensor.dims = 2;
  tensor.shape[0] = inputs.tokens;
  tensor.shape[1] = layer.artifact.layer->hidden;
  tensor.data = output.buffer.data();
  call(moelora_safetensors_write, options.out.c_str(), &tensor, int64_t(1));
}
