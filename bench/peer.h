/* peer.h: another runtime that stands beside ours in bench_compare and bench_engine. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "bench/cases.h"

/* A run's inputs and outputs by name; types, dims and buffers are set. */
enum { IO_MOST = 8 };
typedef struct peer_io {
  size_t n_in, n_out;
  const char *in_names[IO_MOST], *out_names[IO_MOST];
  onnxrun_tensor in[IO_MOST], out[IO_MOST];
} peer_io;

typedef struct peer {
  const char *name;
  /* A session for this model; NULL: the peer can't have it. */
  void *(*load)(const uint8_t *model, size_t size, int threads);
  /* What its runs read and write, and a first run; false: the peer can't run it. */
  bool (*bind)(void *session, const peer_io *io);
  void (*run)(void *session);
  void (*close)(void *session);
} peer;

/* ONNX Runtime's library, opened: NULL after a message to stderr when that fails. */
const peer *ort_peer(const char *library);

#endif
