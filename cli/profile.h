/* profile.h: the steps of a run: a table by time, or a trace for a viewer. */
#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include "fault.h"

#include <pthread.h>
#include <stdbool.h>

struct profile_step {
  onnxrun_string name, op, domain; /* borrowed from the model */
  onnxrun_tensor out;              /* the first output, without data */
  size_t n_out, thread;
  uint64_t start_ns, end_ns, read_bytes, written_bytes;
  uint32_t index, nodes;
};

struct profile {
  pthread_mutex_t mutex;
  struct profile_step *steps;
  size_t size, room;
  bool failed; /* no memory */
};

void profile_init(struct profile *p);
void profile_release(struct profile *p);

/* For onnxrun_run_options.node; `user` is the profile. */
void profile_add(void *user, const onnxrun_event *event);

/* Writes a table, the slowest step first, to standard error where `path` is NULL, else the file, in
 * the "Trace Event Format" that Perfetto, Chrome and Speedscope read. The model is still there. */
int profile_write(struct profile *p, const char *path, struct fault *f);

#endif
