/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs: loads the kernels of a variant, and provides its services.
 */
#include "run/Program.h"

#include "moelora/runtime/Execute.h"
#include "run/Description.h"
#include "run/Variants.h"

using namespace moelora;

namespace {

/// Fails if the host lacks a service that generated code calls.
void checkServices(const moelora_services &services,
                   const moelora_variant &variant) {
  auto expect = [&](uint64_t service, bool present, const char *name) {
    if ((variant.services & service) && !present)
      fail(std::string("expects services to have ") + name +
           ", which the compiled layer calls, but it is null");
  };
  expect(MOELORA_SERVICE_PARALLEL_FOR, services.parallel_for, "parallel_for");
  expect(MOELORA_SERVICE_ROUTE, services.route, "route");
  expect(MOELORA_SERVICE_IDENTITY_WEIGHTS, services.identity_weights,
         "identity_weights");
  expect(MOELORA_SERVICE_PLAN, services.plan, "plan");
  expect(MOELORA_SERVICE_COLLECTIVE, services.collective, "collective");
  if (services.workers < 1)
    fail("expects services to have at least one worker, but they have " +
         std::to_string(services.workers));
}

moelora_services readServices(const moelora_services *given) {
  moelora_services services;
  moelora_services_init(nullptr, &services);
  if (!given)
    return services;
  if (given->abi != MOELORA_ABI_VERSION || given->size != sizeof services)
    fail("expects services of version " + std::to_string(MOELORA_ABI_VERSION) +
             " and " + std::to_string(sizeof services) +
             " bytes, but they have version " + std::to_string(given->abi) +
             " and " + std::to_string(given->size) + " bytes",
         MOELORA_UNSUPPORTED);
  return *given;
}

thread_local Failure lastLaunch = {MOELORA_INVALID, ""};

moelora_program &programOf(void *context) {
  return *static_cast<moelora_program *>(context);
}

// If generated code launches kernels, the context of the services is the
// program.

void forwardParallelFor(void *context, int64_t tasks, moelora_task task,
                        void *frame) {
  const moelora_services &host = programOf(context).host;
  host.parallel_for(host.context, tasks, task, frame);
}

int32_t forwardCollective(void *context, moelora_stream *stream,
                          const moelora_exchange *exchange) {
  const moelora_services &host = programOf(context).host;
  return host.collective(host.context, stream, exchange);
}

} // namespace

int32_t moelora::launchFromService(void *context, moelora_stream *stream,
                                   const moelora_launch *launches,
                                   uint32_t count) {
  const moelora_device &device = programOf(context).device;
  moelora_error *error = nullptr;
  moelora_status status =
      device.launch(device.context, stream, launches, count, &error);
  if (status == MOELORA_OK)
    return 0;
  lastLaunch = {status, moelora_error_text(error)};
  moelora_error_free(error);
  return 1;
}

void moelora::failAsLaunchDid() { throw Failure(lastLaunch); }

Module::Module(const moelora_device &device, const moelora_binary &binary)
    : device(device) {
  call(device, &moelora_device::module_load, &binary, &module);
}

Module::~Module() {
  if (module)
    device.module_unload(device.context, module);
}

moelora_kernel *Module::get(const moelora_kernel_info &info) const {
  moelora_kernel *kernel = nullptr;
  call(device, &moelora_device::kernel_get, module, &info, &kernel);
  return kernel;
}

moelora_program::moelora_program(const moelora_artifact &artifact,
                                 const moelora_variant &variant,
                                 const moelora_device &device,
                                 const moelora_services &given)
    : use(artifact), artifact(artifact), variant(variant), device(device),
      host(given), services(given),
      counters(device, sizeof(moelora_run_stats)) {
  checkServices(host, variant);
  if (variant.services & MOELORA_SERVICE_LAUNCH) {
    services.context = this;
    services.parallel_for = host.parallel_for ? forwardParallelFor : nullptr;
    services.collective = host.collective ? forwardCollective : nullptr;
    services.launch = launchFromService;
  }
  for (uint32_t i = 0; i < variant.binaries; ++i)
    modules.emplace_back(device, variant.binary[i]);
  for (uint32_t i = 0; i < variant.kernels; ++i)
    kernels.push_back(modules[variant.kernel[i].binary].get(variant.kernel[i]));
  if (!isForHost(variant))
    return;
  void (*function)(const moelora_launch *) = runLayerKernel;
  modules.emplace_back(
      device, moelora_binary{MOELORA_BINARY_HOST, 0, 0,
                             reinterpret_cast<const void *>(function)});
  hostKernel = modules.back().get({"moelora_layer", 0, 1, 0, 0});
}

moelora_status moelora_program_create(const moelora_artifact *artifact,
                                      const char *target,
                                      const moelora_device *device,
                                      const moelora_services *services,
                                      moelora_program **program,
                                      moelora_error **error) {
  return guarded(error, [&] {
    if (!artifact || !program)
      fail("expects an artifact and a place for the program, but one of them "
           "is null");
    moelora_error *broken = nullptr;
    if (moelora_status status = moelora_device_check(device, &broken))
      failWith(status, broken);
    checkDescription(*artifact);
    *program = new moelora_program(*artifact,
                                   chooseVariant(*artifact, target, *device),
                                   *device, readServices(services));
  });
}

moelora_status moelora_program_destroy(moelora_program *program,
                                       moelora_error **error) {
  return guarded(error, [&] {
    if (program && program->layers > 0)
      fail("expects a program that no layer is bound with any more, but there "
           "are " +
               std::to_string(program->layers),
           MOELORA_BUSY);
    delete program;
  });
}

const moelora_variant *moelora_program_variant(const moelora_program *program) {
  return program ? &program->variant : nullptr;
}
