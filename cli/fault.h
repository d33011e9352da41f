/* fault.h: exit codes, and the one line that says what went wrong.
 *
 * A function that can fail returns an exit code and fills the caller's struct fault when it is not
 * EXIT_CODE_OK; main prints it once. The caller that can go on (the test runner) prints it itself.
 */
#ifndef CLI_FAULT_H
#define CLI_FAULT_H

#include "onnxrun/onnxrun.h"

/* X(name, number, what it means); --help prints the list. */
#define EXIT_CODES(X)                                                                              \
  X(OK, 0, "ok")                                                                                   \
  X(RUN, 1, "the run failed, or its result could not be written")                                  \
  X(USAGE, 2, "the command line is wrong, or a plug-in cannot be loaded")                          \
  X(MODEL, 3, "the model cannot be read or is not valid")                                          \
  X(UNSUPPORTED, 4, "the model needs an operator that this build lacks")                           \
  X(INPUT, 5, "an input cannot be read, is missing, or does not fit the model")                    \
  X(LIMIT, 6, "out of memory, or a limit was reached")                                             \
  X(MISMATCH, 7, "a test's result is not the expected one")

enum exit_code {
#define EXIT_X(name, number, text) EXIT_CODE_##name = number,
  EXIT_CODES(EXIT_X)
#undef EXIT_X
};

struct fault {
  int code;
  char text[1024]; /* one line without control characters */
};

/* Fills `f` and returns `code`. */
int fault_set(struct fault *f, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Whose bytes the library refused: a damaged file is a bad model, a bad input, or what an option
 * named wrongly. */
enum fault_origin { FAULT_MODEL, FAULT_INPUT, FAULT_OPTION };

/* Fills `f` from the library's error, "PATH: text", and returns the exit code of its status. */
int fault_from(struct fault *f, enum fault_origin origin, const char *path, onnxrun_status status,
               const onnxrun_error *error);

/* EXIT_CODE_LIMIT, "out of memory". */
int fault_memory(struct fault *f);

/* Writes "onnxrun: TEXT" to standard error. */
void fault_print(const struct fault *f);

#endif
