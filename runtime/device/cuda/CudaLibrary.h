/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * The driver's library, which is loaded when a device is opened, and its
 * functions, which return a number.
 */
#ifndef MOELORA_DEVICE_CUDALIBRARY_H
#define MOELORA_DEVICE_CUDALIBRARY_H

#include <string>

namespace moelora::cuda {

/// The result of a function of the driver.
struct [[nodiscard]] Answer {
  const char *symbol;
  int result;
};

struct Symbol {
  const char *name;
  void *address;
};

template <typename... Arguments> class Function {
public:
  Function(Symbol symbol)
      : symbol(symbol.name),
        address(reinterpret_cast<int (*)(Arguments...)>(symbol.address)) {}
  explicit operator bool() const { return address; }
  Answer operator()(Arguments... arguments) const {
    return {symbol, address(arguments...)};
  }

private:
  const char *symbol;
  int (*address)(Arguments...);
};

/// The loaded library. It is never unloaded: the driver has threads.
class Library {
public:
  /// Fails with NOT_FOUND if the library or a symbol is missing.
  explicit Library(std::string name);
  Symbol need(const char *symbol) const;
  Symbol find(const char *symbol) const; ///< its address may be NULL

private:
  std::string name;
  void *handle;
};

} // namespace moelora::cuda

#endif // MOELORA_DEVICE_CUDALIBRARY_H
