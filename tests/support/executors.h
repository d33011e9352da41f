/* executors.h: executors for tests of scheduling. Each says a width of 4. */
#ifndef EXECUTORS_H
#define EXECUTORS_H

#include "onnxrun/onnxrun.h"

/* A thread of its own for every task, so that ThreadSanitizer sees all that happens. */
extern const onnxrun_executor executor_threads;
/* The caller's thread runs the tasks one after the other; from the last to the first. */
extern const onnxrun_executor executor_in_turn, executor_backwards;
/* Two threads share the tasks, however many there are. */
extern const onnxrun_executor executor_pair;
/* Threads that wait for work between runs, as a host's own would; sessions on several threads may
 * share it. */
extern const onnxrun_executor executor_pool;

#endif
