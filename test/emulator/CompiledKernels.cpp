// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "CompiledKernels.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "moelora/codegen/Emit.h"
#include "moelora/codegen/Passes.h"
#include "moelora/emulator/Kernel.h"
#include "llvm/Support/FileSystem.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

using namespace mlir;

namespace moelora::test {
namespace {

/// A file in Inputs/, in the llvm dialect.
OwningOpRef<ModuleOp> lower(MLIRContext &context, const std::string &name) {
  auto module =
      parseSourceFile<ModuleOp>(KERNELS_FOLDER "/" + name + ".mlir", &context);
  PassManager passes(&context);
  passes.addPass(createEmulateNvvm());
  passes.addPass(createConvertVectorToLLVMPass());
  passes.addPass(createArithToLLVMConversionPass());
  passes.addPass(createReconcileUnrealizedCastsPass());
  return module && succeeded(passes.run(*module)) ? std::move(module) : nullptr;
}

const void *load(const ObjectBytes &object, const std::string &symbol) {
  llvm::SmallString<64> path;
  if (llvm::sys::fs::createTemporaryFile("moelora-kernels", "so", path))
    return nullptr;
  std::string why;
  void *library = nullptr;
  if (linkSharedObject(object, path, why))
    library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  (void)llvm::sys::fs::remove(path); // it stays loaded
  EXPECT_TRUE(library) << why;
  return library ? ::dlsym(library, symbol.c_str()) : nullptr;
}

/// Calls a function of the device; returns its error, or "".
template <typename... Parameters, typename... Arguments>
std::string call(const moelora_device *device,
                 moelora_status (*moelora_device::*function)(void *,
                                                             Parameters...),
                 Arguments... arguments) {
  moelora_error *error = nullptr;
  std::string why;
  if ((device->*function)(device->context, arguments..., &error) != MOELORA_OK)
    why = moelora_error_text(error);
  moelora_error_free(error);
  return why;
}

} // namespace

CompiledKernels::CompiledKernels(const std::string &name,
                                 const std::string &options) {
  DialectRegistry registry;
  registry.insert<arith::ArithDialect, gpu::GPUDialect, LLVM::LLVMDialect,
                  NVVM::NVVMDialect, vector::VectorDialect>();
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = lower(context, name);
  if (module)
    open(*module, "kernels.module", options);
  else
    ADD_FAILURE() << name << " does not compile";
}

CompiledKernels::CompiledKernels(ModuleOp module, const std::string &symbol,
                                 const std::string &options) {
  open(module, symbol, options);
}

void CompiledKernels::open(ModuleOp code, const std::string &symbol,
                           const std::string &options) {
  auto described = code.lookupSymbol<LLVM::GlobalOp>(symbol);
  described.setLinkage(LLVM::Linkage::External);
  FailureOr<ObjectBytes> object = emitObject(code);
  if (failed(object)) {
    ADD_FAILURE() << symbol << " does not compile";
    return;
  }
  moelora_binary binary = {MOELORA_BINARY_EMULATED, 0, 0,
                           load(*object, symbol)};
  moelora_error *error = nullptr;
  moelora_status status =
      moelora_device_open(("emulator:" + options).c_str(), &device, &error);
  if (status != MOELORA_OK) {
    ADD_FAILURE() << moelora_error_text(error);
    return;
  }
  EXPECT_EQ(call(device, &moelora_device::module_load,
                 const_cast<const moelora_binary *>(&binary), &module),
            "");
}

CompiledKernels::~CompiledKernels() {
  if (!device)
    return;
  for (auto [address, bytes] : memory)
    device->release(device->context, address, bytes);
  device->module_unload(device->context, module);
  EXPECT_EQ(moelora_device_close(device, nullptr), MOELORA_OK);
}

std::string CompiledKernels::launch(const char *name, Shape shape,
                                    const void *parameters, size_t bytes) {
  moelora_kernel_info info = {name, 0, shape.block, shape.shared, 0};
  moelora_kernel *kernel = nullptr;
  std::string why =
      call(device, &moelora_device::kernel_get, module,
           const_cast<const moelora_kernel_info *>(&info), &kernel);
  if (!why.empty())
    return why;
  moelora_launch launch = {};
  launch.kernel = kernel;
  launch.grid[0] = shape.grid;
  launch.block[0] = shape.block;
  launch.grid[1] = launch.grid[2] = launch.block[1] = launch.block[2] = 1;
  launch.shared_bytes = shape.shared;
  launch.parameter_bytes = uint32_t(bytes);
  launch.parameters = parameters;
  why = call(device, &moelora_device::launch,
             static_cast<moelora_stream *>(nullptr),
             const_cast<const moelora_launch *>(&launch), 1u);
  if (!why.empty())
    return why;
  return call(device, &moelora_device::stream_synchronize,
              static_cast<moelora_stream *>(nullptr));
}

void *CompiledKernels::allocate(uint64_t bytes) {
  void *address = nullptr;
  EXPECT_EQ(call(device, &moelora_device::allocate, bytes, &address), "");
  memory.emplace_back(address, bytes);
  return address;
}

void CompiledKernels::copy(void *to, const void *from, uint64_t bytes) {
  EXPECT_EQ(call(device, &moelora_device::copy,
                 static_cast<moelora_stream *>(nullptr), to, from, bytes),
            "");
  EXPECT_EQ(call(device, &moelora_device::stream_synchronize,
                 static_cast<moelora_stream *>(nullptr)),
            "");
}

} // namespace moelora::test
