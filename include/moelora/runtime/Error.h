/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Errors of the runtime: a status for programs and a text for users.
 *
 * Every function that can fail returns a moelora_status and takes a
 * `moelora_error **error`, which may be NULL. On success *error is NULL. On
 * failure it contains a text, and the caller frees it. A failed call has no
 * effect and writes none of its results. No exception leaves the library.
 *
 * Arguments: a handle, a struct or a result that is NULL is INVALID, unless the
 * function states what NULL means. So is an address that is not aligned for its
 * type. Functions without a status then return 0, -1 or NULL.
 *
 * Structs that grow begin with `uint32_t size`, which the caller sets to its
 * sizeof. If the caller has an older header, fields that it does not know are
 * taken for zero, and results are written up to its size. If it has a newer
 * header, fields that this library does not know must be zero. A size that
 * excludes fields of the first version is INVALID.
 */
#ifndef MOELORA_RUNTIME_ERROR_H
#define MOELORA_RUNTIME_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* Marks the functions that the shared library exports. All others are
 * hidden. */
#define MOELORA_API __attribute__((visibility("default")))

typedef enum moelora_status {
  MOELORA_OK = 0,
  MOELORA_INVALID = 1, /* an argument or a file breaks a rule */
  MOELORA_IO = 2,      /* a file could not be opened, read or written */
  MOELORA_OUT_OF_MEMORY = 3,
  MOELORA_UNSUPPORTED = 4, /* well formed, but not what this version does */
  /* Expected results, which also have a text. */
  MOELORA_FULL = 5,      /* no slot is free */
  MOELORA_BUSY = 6,      /* it is in use, or not done yet */
  MOELORA_STALE = 7,     /* the id is of an earlier tenant of the slot */
  MOELORA_NOT_FOUND = 8, /* there is no such object */
  MOELORA_CANCELLED = 9, /* the caller requested it */
  /* The device or its context has failed permanently, and its content is
   * lost. */
  MOELORA_DEVICE_LOST = 10,
  /* A peer rank of a group has failed, ended, or not come in time. The group
   * cannot be used any more. */
  MOELORA_PEER_LOST = 11,
} moelora_status;

typedef struct moelora_error moelora_error;

/* The text, "expects ..., but ...": lower-case, without a full stop. It is
 * valid as long as the error. "" for NULL. */
MOELORA_API const char *moelora_error_text(const moelora_error *error);

/* For functions that the runtime calls, such as those of a device: stores a
 * copy of `text` in *error if `error` is not NULL, and returns `status`. */
MOELORA_API moelora_status moelora_error_make(moelora_error **error,
                                              moelora_status status,
                                              const char *text);

/* Frees an error. NULL has no effect. */
MOELORA_API void moelora_error_free(moelora_error *error);

/* The version, such as "0.1.0", in static storage. May be called from any
 * thread. */
MOELORA_API const char *moelora_version(void);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ERROR_H */
