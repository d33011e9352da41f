/* peer.h: another runtime that stands beside ours in bench_compare. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "bench/cases.h"

typedef struct peer {
  const char *name;
  /* A session for this model and these buffers; NULL: the peer can't run it. */
  void *(*open)(const problem *p, const uint8_t *model, size_t size, int threads);
  void (*run)(void *session);
  void (*close)(void *session);
} peer;

/* ONNX Runtime's library, opened: NULL after a message to stderr when that fails. */
const peer *ort_peer(const char *library);

#endif
