/* Part of moelora, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * How the runtime answers: a status for the program, a text for the person.
 *
 * Every function that can fail returns a moelora_status and takes a
 * `moelora_error **error`, which may be NULL. On success *error is NULL; on a
 * failure it holds a text that the caller frees. A failed call changes nothing
 * and writes none of its results. No exception crosses this boundary.
 *
 * Arguments: NULL is INVALID for a handle, a struct or a result, but where it
 * says that NULL is fine; so is an address that is not aligned for what is
 * there. Functions without a status answer 0, -1 or NULL then.
 *
 * Structs that grow begin with `uint32_t size`, which the caller sets to its
 * sizeof. From a caller with an older header, fields that it does not know are
 * zero, and results are written up to its size. From one with a newer header,
 * what this library does not know must be zero. A size that cuts fields of the
 * first version off is INVALID.
 */
#ifndef MOELORA_RUNTIME_ERROR_H
#define MOELORA_RUNTIME_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/* What the shared library exports; everything else is hidden. */
#define MOELORA_API __attribute__((visibility("default")))

typedef enum moelora_status {
  MOELORA_OK = 0,
  MOELORA_INVALID = 1, /* an argument or a file breaks a rule */
  MOELORA_IO = 2,      /* the system refused to open, read or write */
  MOELORA_OUT_OF_MEMORY = 3,
  MOELORA_UNSUPPORTED = 4, /* well formed, but not what this version does */
  /* Expected answers; they carry a text as well. */
  MOELORA_FULL = 5,      /* no slot is free */
  MOELORA_BUSY = 6,      /* somebody is using it, or it is under way */
  MOELORA_STALE = 7,     /* the id is of an earlier tenant of the slot */
  MOELORA_NOT_FOUND = 8, /* there is nothing of that name */
  MOELORA_CANCELLED = 9, /* the caller asked for it */
  /* The device or its context has failed for good: nothing on it is left. */
  MOELORA_DEVICE_LOST = 10,
} moelora_status;

typedef struct moelora_error moelora_error;

/* The text, "expects ..., but ...": lower-case, without a full stop. It lives
 * as long as the error. "" for NULL. */
MOELORA_API const char *moelora_error_text(const moelora_error *error);

/* For functions that the runtime calls and others write, such as those of a
 * device: stores a copy of `text` where `error` is not NULL, and answers
 * `status`. */
MOELORA_API moelora_status moelora_error_make(moelora_error **error,
                                              moelora_status status,
                                              const char *text);

/* Frees an error; NULL is fine. */
MOELORA_API void moelora_error_free(moelora_error *error);

/* "0.1.0"; static storage, any thread. */
MOELORA_API const char *moelora_version(void);

#ifdef __cplusplus
}
#endif

#endif /* MOELORA_RUNTIME_ERROR_H */
