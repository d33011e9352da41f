/* blocks.h: maps run block by block through memory that stays in L1: in whole vectors, with inputs
 * that stand still repeated, or with many inputs two by two. */
#ifndef ONX_KIT_BLOCKS_H
#define ONX_KIT_BLOCKS_H

#include "ops/kit/vec.h"

/* Bytes of an element of the first input, of the other inputs, of the output. */
typedef struct flat_bytes {
  uint8_t first, others, out;
} flat_bytes;

/* n, a multiple of the elements of T (a loop's narrowest type) in a vector, in a form that tells
 * the compiler: a loop of that length has no code for the rest, which takes half of the room. */
#define WHOLE(T, n) ((n) & ~(VEC_BYTES / sizeof(T) - 1))

/* Runs a loop that takes so many (of at most 3 inputs): what is left over stands in memory of its
 * own, filled up with zeros. */
#define whole_map ONX_KIT(whole_map)
KIT void whole_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                   flat_bytes bytes);

/* Runs such a loop that takes only inputs that advance. */
#define flat_map ONX_KIT(flat_map)
KIT void flat_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  flat_bytes bytes);

/* Runs a map of two inputs over all inputs in turn, y = F(F(x0, x1), x2) and so on, block by block;
 * `bytes` is an element's size. Only the last turn writes to the output, which may be an input. */
#define fold_map ONX_KIT(fold_map)
KIT void fold_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  size_t bytes);

#ifdef ONX_KIT_BODIES
enum { FLAT_INPUTS = 3, FLAT_BLOCK = 2048 };

static size_t lesser(size_t a, size_t b)
{
  return a < b ? a : b;
}

KIT void whole_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                   flat_bytes bytes)
{
  const size_t lanes = VEC_BYTES / lesser(lesser(bytes.first, bytes.others), bytes.out);
  const size_t rest = (end - begin) & (lanes - 1), at = end - rest;
  if (at > begin)
    loop(job, begin, at);
  if (rest == 0)
    return;
  _Alignas(64) char block[FLAT_INPUTS + 1][VEC_BYTES * sizeof(double)];
  const void *in[FLAT_INPUTS];
  void *out[] = {block[FLAT_INPUTS]};
  onnxrun_job inner = *job;
  inner.in = in;
  inner.out = out;
  for (size_t i = 0; i < job->n_in; i++) {
    const size_t width = i == 0 ? bytes.first : bytes.others;
    in[i] = job->in[i];
    if (!in[i])
      continue;
    memset(block[i], 0, lanes * width);
    /* A loop of one input reads on from an operand of one element, too. */
    const size_t first = job->step[i] ? at * width : 0, n = job->step[i] ? rest : 1;
    in[i] = memcpy(block[i], (const char *)in[i] + first, n * width);
  }
  loop(&inner, 0, lanes);
  memcpy((char *)job->out[0] + at * bytes.out, out[0], rest * bytes.out);
}

/* Repeats an element of 1, 2, 4, 8 or 16 bytes; writes up to a multiple of 16. */
static void splat(void *to, const void *from, size_t bytes, size_t n)
{
  uint64_t word[2];
  if (bytes == 16)
    memcpy(word, from, sizeof word);
  else {
    word[0] = bytes == 1   ? *(const uint8_t *)from * UINT64_C(0x0101010101010101)
              : bytes == 2 ? *(const uint16_t *)from * UINT64_C(0x0001000100010001)
              : bytes == 4 ? *(const uint32_t *)from * UINT64_C(0x0000000100000001)
                           : *(const uint64_t *)from;
    word[1] = word[0];
  }
  for (size_t at = 0; at < n * bytes; at += sizeof word)
    memcpy((char *)to + at, word, sizeof word);
}

static bool is_flat(const onnxrun_job *job)
{
  for (size_t i = 0; i < job->n_in; i++) {
    if (!job->step[i])
      return false;
  }
  return true;
}

KIT void flat_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  flat_bytes bytes)
{
  if (is_flat(job)) {
    whole_map(job, begin, end, loop, bytes);
    return;
  }
  _Alignas(64) char block[FLAT_INPUTS][FLAT_BLOCK];
  const void *in[FLAT_INPUTS];
  void *out[1];
  const size_t step[FLAT_INPUTS] = {1, 1, 1};
  onnxrun_job inner = *job;
  inner.in = in;
  inner.out = out;
  inner.step = step;
  const size_t widest = bytes.first > bytes.others ? bytes.first : bytes.others;
  const size_t items = FLAT_BLOCK / widest;
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < items ? end - at : items;
    for (size_t i = 0; i < job->n_in; i++) {
      const size_t width = i == 0 ? bytes.first : bytes.others;
      in[i] = job->step[i] ? (const char *)job->in[i] + at * width : block[i];
      if (!job->step[i] && at == begin)
        splat(block[i], job->in[i], width, n);
    }
    out[0] = (char *)job->out[0] + at * bytes.out;
    whole_map(&inner, 0, n, loop, bytes);
  }
}

KIT void fold_map(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                  size_t bytes)
{
  if (job->n_in == 2) {
    loop(job, begin, end);
    return;
  }
  _Alignas(64) char block[FLAT_BLOCK];
  const void *in[2];
  void *out[1];
  size_t step[2] = {1, 1};
  const onnxrun_job inner = {.in = in, .out = out, .step = step, .n_in = 2, .params = job->params};
  const size_t items = FLAT_BLOCK / bytes;
  for (size_t at = begin, n; at < end; at += n) {
    n = end - at < items ? end - at : items;
    char *to = (char *)job->out[0] + at * bytes;
    in[0] = (const char *)job->in[0] + at * bytes;
    if (!job->step[0]) {
      splat(block, job->in[0], bytes, n);
      in[0] = block;
    }
    for (size_t i = 1; i < job->n_in; i++) {
      step[1] = job->step[i];
      in[1] = (const char *)job->in[i] + step[1] * at * bytes;
      out[0] = i + 1 == job->n_in ? to : block;
      loop(&inner, 0, n);
      in[0] = block;
    }
    if (job->n_in == 1)
      memmove(to, in[0], n * bytes);
  }
}
#endif /* ONX_KIT_BODIES */

#endif
