// Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#ifndef MOELORA_TEST_DEVICE_FAKEREGISTRY_H
#define MOELORA_TEST_DEVICE_FAKEREGISTRY_H

#include <map>
#include <memory>

namespace moelora::test {

/// Objects by the handles that callers have.
template <typename T> class Registry {
public:
  template <typename Handle> void add(Handle *handle, T object) {
    auto made = std::make_shared<T>(std::move(object));
    *handle = reinterpret_cast<Handle>(made.get());
    objects[made.get()] = std::move(made);
  }
  std::shared_ptr<T> find(const void *handle) const {
    auto found = objects.find(handle);
    return found == objects.end() ? nullptr : found->second;
  }
  bool remove(const void *handle) { return objects.erase(handle); }
  template <typename Body> void forEach(Body body) {
    for (auto &[handle, object] : objects)
      body(*object);
  }
  long live() const { return static_cast<long>(objects.size()); }

private:
  std::map<const void *, std::shared_ptr<T>> objects;
};

} // namespace moelora::test

#endif // MOELORA_TEST_DEVICE_FAKEREGISTRY_H
