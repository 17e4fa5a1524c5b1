/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Programs: loads the kernels of a variant, and provides its services.
 */
#include "run/Program.h"

#include "base/Log.h"
#include "moelora/runtime/Execute.h"
#include "run/Description.h"
#include "run/Variants.h"
#include "slots/SlotTableState.h"

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

/// The code of a binary. A cubin is preferred to its PTX, which the driver has
/// to compile; a driver that is older than the cubin does not take it.
Module loadModule(const moelora_variant &variant, uint32_t binary,
                  const moelora_device &device) {
  if (isCubinOfPtx(variant, binary))
    return Module(device);
  if (isCubinOfPtx(variant, binary + 1) && isExactly(variant, device)) {
    try {
      return {device, variant.binary[binary + 1]};
    } catch (const Failure &failure) {
      if (failure.status != MOELORA_INVALID &&
          failure.status != MOELORA_UNSUPPORTED)
        throw;
      tell(MOELORA_LOG_WARNING,
           ("the PTX of a layer is compiled now, because its cubin cannot be "
            "loaded: " +
            failure.text)
               .c_str());
    }
  }
  return {device, variant.binary[binary]};
}

} // namespace

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
      services(given), launcher(device, given),
      counters(device, sizeof(moelora_run_stats)) {
  checkServices(services, variant);
  clearMemory(counters, device);
  if (variant.services & MOELORA_SERVICE_LAUNCH)
    services = launcher.services();
  for (uint32_t i = 0; i < variant.binaries; ++i)
    modules.push_back(loadModule(variant, i, device));
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

const moelora_entry *moelora_program::entry(int32_t kind) const {
  for (uint32_t i = 0; i < variant.entries; ++i)
    if (variant.entry[i].kind == kind)
      return &variant.entry[i];
  return nullptr;
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
    auto expectNone = [](const std::atomic<int64_t> &uses, const char *what) {
      if (uses > 0)
        fail(std::string("expects a program that no ") + what +
                 " any more, but there are " + std::to_string(uses),
             MOELORA_BUSY);
    };
    if (!program)
      return;
    expectNone(program->layers, "layer is bound with");
    expectNone(program->steps, "step resolves with");
    delete program;
  });
}

const moelora_variant *moelora_program_variant(const moelora_program *program) {
  return program ? &program->variant : nullptr;
}
