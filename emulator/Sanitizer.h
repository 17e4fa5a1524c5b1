/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Annotations of fibers for sanitizers; they do nothing in other builds.
 * AddressSanitizer has to know which stack is in use, and ThreadSanitizer which
 * fiber runs.
 */
#ifndef MOELORA_EMULATOR_SANITIZER_H
#define MOELORA_EMULATOR_SANITIZER_H

#include <cstddef>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define MOELORA_FIBERS_OF_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if __has_feature(thread_sanitizer)
#define MOELORA_FIBERS_OF_THREAD_SANITIZER
#include <sanitizer/tsan_interface.h>
#endif
#endif

namespace moelora::emulator::sanitizer {

#ifdef MOELORA_FIBERS_OF_ADDRESS_SANITIZER
/// Called before and after a switch. `fake` is a variable on the stack that is
/// left.
inline void leave(void **fake, const void *low, size_t bytes) {
  __sanitizer_start_switch_fiber(fake, low, bytes);
}
inline void arrive(void *fake, const void **low, size_t *bytes) {
  __sanitizer_finish_switch_fiber(fake, low, bytes);
}
/// Removes the marks that an abandoned fiber has left on its stack.
inline void clean(const char *low, const char *top) {
  __asan_unpoison_memory_region(low, top - low);
}
#else
inline void leave(void **, const void *, size_t) {}
inline void arrive(void *, const void **, size_t *) {}
inline void clean(const char *, const char *) {}
#endif

#ifdef MOELORA_FIBERS_OF_THREAD_SANITIZER
inline void *create() { return __tsan_create_fiber(0); }
inline void destroy(void *fiber) { __tsan_destroy_fiber(fiber); }
inline void *current() { return __tsan_get_current_fiber(); }
inline void switchTo(void *fiber) { __tsan_switch_to_fiber(fiber, 0); }
#else
inline void *create() { return nullptr; }
inline void destroy(void *) {}
inline void *current() { return nullptr; }
inline void switchTo(void *) {}
#endif

} // namespace moelora::emulator::sanitizer

#endif // MOELORA_EMULATOR_SANITIZER_H
