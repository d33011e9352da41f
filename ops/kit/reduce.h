/* reduce.h: the Reduce operators but for what they compute: axes, shapes, work and its loop.
 *
 * Dims of 1 are left out and neighbours joined that are both reduced or both kept. If the last
 * dims that remain are reduced, a result is a fold of contiguous runs; else neighbouring results
 * are folded together, up to REDUCE_TILE of them (fold.h).
 *
 * A few results of many elements are made by many threads: the rows of each are cut into slices,
 * the slices' partial results lie in memory of the plan, and whoever finishes the last slice of a
 * result joins them. Slices are a power of two of blocks, so the bits are those of one thread. */
#ifndef ONX_KIT_REDUCE_H
#define ONX_KIT_REDUCE_H

#include <stdatomic.h>

#include "ops/kit/fold.h"

enum {
  REDUCE_TILE = 512,
  REDUCE_SHORT_TILE = 64,         /* of short runs, taken as columns; at most FOLD_LANES */
  REDUCE_FEW = 64,                /* results worth cutting, at most */
  REDUCE_SLICE = 1 << 15,         /* elements of a slice, at least */
  REDUCE_SLICES = 4 * REDUCE_FEW, /* of all results, at most */
};

struct reduce;

/* An operator. */
struct reduce_method {
  fold_fn fold[WIDES];
  uint64_t identity[WIDES], empty[WIDES]; /* bits; empty: of a fold of no elements */
  fold_map_fn map[WIDES];                 /* done to elements first; NULL: nothing */
  /* Results from folds, in place, in the type computed in; NULL: nothing to do. */
  void (*finish[WIDES])(void *acc, size_t n, const struct reduce *p);
  bool is_whole; /* a result is one item's: never cut into slices */
};

struct reduce {
  /* attributes */
  int64_t keepdims, noop_with_empty_axes;
  onnxrun_ints axes;
  /* geometry */
  const struct reduce_method *method;
  const struct wide_type *type;
  struct walk walk;
  struct fold how; /* from here on what a loop reads lies close together */
  size_t count;    /* elements of a result */
  uint32_t kept_rank;
  size_t inner, tile, tiles; /* columns, how many at a time, how often; inner 0: results are runs */
  size_t results;            /* or tiles of results */
  size_t rows, slices, slice_rows;
  void *partial;          /* results * slices rows */
  atomic_size_t *missing; /* slices of each result */
  size_t kept_dims[ONNXRUN_MAX_RANK], kept_strides[ONNXRUN_MAX_RANK];
};

static const onnxrun_attr reduce_attrs_1[] = {ATTR_INTS(struct reduce, axes),
                                              ATTR_I(struct reduce, keepdims, 1), END};
static const onnxrun_attr reduce_attrs_18[] = {ATTR_I(struct reduce, keepdims, 1),
                                               ATTR_I(struct reduce, noop_with_empty_axes, 0), END};

/* ---- shapes ---- */

/* Which dims are reduced, one bit each. */
static COLD onnxrun_status reduce_axes(const onnxrun_host *h, onnxrun_node *n,
                                       const struct reduce *p, uint32_t *mask)
{
  const uint32_t rank = h->input(n, 0)->rank;
  const onnxrun_tensor *axes = h->n_inputs(n) > 1 ? h->input(n, 1) : NULL;
  if (axes && axes->rank > 1)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "input 'axes' has rank %u, expected 1", axes->rank);
  const int64_t *list = axes ? axes->data : p->axes.items;
  const size_t size = axes ? onnxrun_elements(axes) : p->axes.size;
  *mask = size == 0 && !p->noop_with_empty_axes ? (UINT32_C(1) << rank) - 1 : 0;
  for (size_t i = 0; i < size; i++) {
    uint32_t axis = 0;
    const onnxrun_status s = axis_of(h, n, list[i], rank, &axis);
    if (s)
      return s;
    *mask |= UINT32_C(1) << axis;
  }
  return ONNXRUN_OK;
}

static COLD onnxrun_status reduce_output(const onnxrun_host *h, onnxrun_node *n,
                                         const struct reduce *p, uint32_t mask)
{
  const onnxrun_tensor *x = h->input(n, 0);
  int64_t dims[ONNXRUN_MAX_RANK];
  uint32_t rank = 0;
  for (uint32_t d = 0; d < x->rank; d++) {
    if (!(mask >> d & 1))
      dims[rank++] = x->dims[d];
    else if (p->keepdims)
      dims[rank++] = 1;
  }
  return h->output(n, 0, rank, dims);
}

/* Dims of more than 1, neighbours of a kind joined. */
struct reduce_dims {
  uint32_t rank;
  size_t dims[ONNXRUN_MAX_RANK], strides[ONNXRUN_MAX_RANK];
  bool is_reduced[ONNXRUN_MAX_RANK];
};

/* Joins from the last dim on, then turns the order round. */
static COLD struct reduce_dims reduce_join(const onnxrun_tensor *x, uint32_t mask)
{
  struct reduce_dims back = {0}, j = {0};
  size_t stride = 1;
  for (uint32_t d = x->rank; d-- > 0;) {
    const size_t dim = (size_t)x->dims[d];
    const bool is_reduced = mask >> d & 1;
    if (dim != 1 && back.rank > 0 && back.is_reduced[back.rank - 1] == is_reduced) {
      back.dims[back.rank - 1] *= dim;
    } else if (dim != 1) {
      back.dims[back.rank] = dim;
      back.strides[back.rank] = stride;
      back.is_reduced[back.rank++] = is_reduced;
    }
    stride *= dim;
  }
  for (; j.rank < back.rank; j.rank++) {
    const uint32_t from = back.rank - 1 - j.rank;
    j.dims[j.rank] = back.dims[from];
    j.strides[j.rank] = back.strides[from];
    j.is_reduced[j.rank] = back.is_reduced[from];
  }
  return j;
}

/* The last reduced dim of the walk's becomes the rows of a batch. */
static COLD void reduce_rows(struct walk *w)
{
  w->rows = 1;
  if (w->rank > 0) {
    w->rank--;
    w->rows = w->dims[w->rank];
    w->stride = w->strides[w->rank];
  }
}

/* Runs of up to FOLD_LANES are columns whose elements lie `run` apart. */
static COLD void reduce_short(struct reduce *p, size_t run)
{
  p->inner = p->results;
  p->kept_rank = 0;
  p->tile = REDUCE_SHORT_TILE < p->inner ? REDUCE_SHORT_TILE : p->inner;
  p->tiles = p->results = p->inner / REDUCE_SHORT_TILE + (p->inner % REDUCE_SHORT_TILE != 0);
  p->walk = (struct walk){.rows = run, .stride = 1, .width = p->tile};
  p->how.apart = run;
}

static COLD void reduce_geometry(struct reduce *p, struct reduce_dims j)
{
  const bool is_run = j.rank > 0 && j.is_reduced[j.rank - 1];
  const size_t last = j.rank > 0 ? j.dims[--j.rank] : 1;
  struct walk *w = &p->walk;
  p->tile = is_run || last < REDUCE_TILE ? last : REDUCE_TILE;
  *w = is_run ? walk_run(last) : (struct walk){.width = p->tile};
  p->count = is_run ? last : 1;
  p->inner = is_run ? 0 : last;
  p->tiles = is_run ? 1 : last / REDUCE_TILE + (last % REDUCE_TILE != 0);
  p->results = p->tiles;
  for (uint32_t d = 0; d < j.rank; d++) {
    const uint32_t at = j.is_reduced[d] ? w->rank++ : p->kept_rank++;
    (j.is_reduced[d] ? w->dims : p->kept_dims)[at] = j.dims[d];
    (j.is_reduced[d] ? w->strides : p->kept_strides)[at] = j.strides[d];
    *(j.is_reduced[d] ? &p->count : &p->results) *= j.dims[d];
  }
  if (!is_run || (last <= FOLD_LANES && w->rank > 0))
    reduce_rows(w);
  else if (last <= FOLD_LANES)
    reduce_short(p, last);
  p->rows = p->count > 0 ? walk_rows(w) : 0;
}

/* Slices, if there are few results of many elements; memory for them. */
static COLD onnxrun_status reduce_slice(const onnxrun_host *h, onnxrun_node *n, struct reduce *p)
{
  const size_t row = p->walk.width ? p->walk.width : 1;
  p->slices = 1;
  p->slice_rows = p->rows;
  if (p->method->is_whole || p->results == 0 || p->results > REDUCE_FEW)
    return ONNXRUN_OK;
  size_t slice_rows = FOLD_BLOCK;
  while (slice_rows < REDUCE_SLICE / row || p->rows / slice_rows >= REDUCE_SLICES / p->results)
    slice_rows *= 2;
  if (p->rows / slice_rows < 2)
    return ONNXRUN_OK;
  p->slice_rows = slice_rows;
  p->slices = p->rows / slice_rows + (p->rows % slice_rows != 0);
  const size_t level = fold_level_bytes(&p->how, p->walk.width);
  p->partial = h->keep(n, p->results * p->slices * level);
  p->missing = h->keep(n, p->results * sizeof *p->missing);
  return p->partial && p->missing ? ONNXRUN_OK : ONNXRUN_NO_MEMORY;
}

static COLD void reduce_how(struct reduce *p)
{
  const struct reduce_method *m = p->method;
  const uint8_t wide = p->type->wide;
  uint64_t identity = m->identity[wide];
  if (p->count == 0)
    identity = m->empty[wide];
  if (p->count == 0 && wide == WIDE_I64) { /* the least of the stored type, not of int64 */
    const int64_t x = (int64_t)identity;
    identity = (uint64_t)(x < p->type->least  ? p->type->least
                          : x > p->type->most ? p->type->most
                                              : x);
  }
  p->how = (struct fold){.fold = m->fold[wide],
                         .stored = p->type->bytes,
                         .bytes = wide_bytes(p->type),
                         .identity = identity,
                         .load = p->type->load,
                         .map = m->map[wide],
                         .apart = p->how.apart};
}

/* A result, or a tile of them. */
struct reduce_place {
  size_t from, to;     /* stored elements: the first read, the first written */
  size_t width, count; /* of a row; of results */
};

static inline struct reduce_place reduce_place(const struct reduce *p, size_t result)
{
  /* A division takes as long as a small result. */
  const size_t kept = p->tiles > 1 ? result / p->tiles : result, tile = result - kept * p->tiles;
  struct reduce_place at = {0, result, p->walk.width, 1};
  at.from = walk_offset(p->kept_rank, p->kept_dims, p->kept_strides, kept);
  if (p->inner > 0) {
    const size_t column = tile * p->tile, left = p->inner - column;
    at.from += column * (p->how.apart > 1 ? p->how.apart : 1);
    at.to = kept * p->inner + column;
    at.width = at.count = left < p->tile ? left : p->tile;
  }
  return at;
}

/* What an item writes, when results are not in slices. */
static void reduce_part(const void *params, size_t item, onnxrun_part *part)
{
  const struct reduce_place at = reduce_place(params, item);
  *part = (onnxrun_part){.first = at.to, .length = at.count, .rows = 1};
}

/* Shapes, geometry and work. A kernel's shape() calls it with its method. */
static COLD onnxrun_status reduce_shape(const onnxrun_host *h, onnxrun_node *n, struct reduce *p,
                                        const struct reduce_method *method)
{
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t mask = 0;
  onnxrun_status s = reduce_axes(h, n, p, &mask);
  if (!s)
    s = reduce_output(h, n, p, mask);
  if (s)
    return s;
  p->method = method;
  p->type = wide_type_of(x->dtype);
  reduce_geometry(p, reduce_join(x, mask));
  reduce_how(p);
  s = reduce_slice(h, n, p);
  if (s)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->results * p->slices;
  work.skips_run = !p->missing;
  work.part = p->missing ? NULL : reduce_part;
  const size_t rows = p->rows < p->slice_rows ? p->rows : p->slice_rows;
  work.item_cost = 50 + (double)rows * (2 + 0.25 * (double)(p->walk.width * p->how.bytes / 4));
  /* One row more: log_sum_exp's maxima. */
  work.scratch =
      fold_scratch(&p->how, p->rows, p->walk.width) + fold_level_bytes(&p->how, p->walk.width);
  return h->plan(n, &work);
}

/* Before each run: one that failed elsewhere may have left counts behind. */
static COLD onnxrun_status reduce_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  (void)h;
  (void)n;
  const struct reduce *p = params;
  for (size_t i = 0; p->missing && i < p->results; i++)
    atomic_store_explicit(&p->missing[i], p->slices, memory_order_relaxed);
  return ONNXRUN_OK;
}

/* ---- the loop ---- */

/* Keeps a slice's partial result; true for the last slice of a result, with all joined in scratch.
 */
static COLD bool reduce_meet(const struct reduce *p, size_t result, size_t slice, size_t width,
                             void *scratch)
{
  const size_t level = fold_level_bytes(&p->how, p->walk.width);
  char *slices = (char *)p->partial + result * p->slices * level;
  memcpy(slices + slice * level, scratch, width * p->how.bytes);
  if (atomic_fetch_sub_explicit(&p->missing[result], 1, memory_order_acq_rel) != 1)
    return false;
  atomic_store_explicit(&p->missing[result], p->slices, memory_order_relaxed);
  struct folding f;
  fold_start(&f, &p->how, p->rows, width, scratch);
  for (size_t i = 0; i < p->slices; i++) {
    memcpy(f.acc, slices + i * level, width * p->how.bytes);
    fold_carry(&f);
  }
  fold_finish(&f);
  return true;
}

/* Writes the results whose folds acc[] holds. */
static void reduce_write(const struct reduce *p, const struct reduce_place *at, void *acc,
                         void *out)
{
  if (p->method->finish[p->type->wide])
    p->method->finish[p->type->wide](acc, at->count, p);
  char *y = (char *)out + at->to * p->type->bytes;
  if (p->type->store)
    p->type->store(y, acc, at->count);
  else
    memcpy(y, acc, at->count * p->type->bytes);
}

/* Folds a whole result, or tile of results, from x; scratch[at->count] is the outcome. */
static void reduce_fold(const struct reduce *p, const struct fold *how, const void *x,
                        const struct reduce_place *at, void *scratch)
{
  fold_walk(&p->walk, how, x, &(struct fold_span){0, p->rows, at->width}, scratch);
  if (p->inner == 0)
    fold_lanes(how, scratch, at->width);
}

static inline void reduce_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct reduce *p = job->params;
  for (size_t i = begin; i < end; i++) {
    const size_t result = p->slices > 1 ? i / p->slices : i, slice = i - result * p->slices;
    const size_t from = slice * p->slice_rows;
    const size_t to = p->rows - from < p->slice_rows ? p->rows : from + p->slice_rows;
    const struct reduce_place at = reduce_place(p, result);
    const char *x = (const char *)job->in[0] + at.from * p->type->bytes;
    fold_walk(&p->walk, &p->how, x, &(struct fold_span){from, to, at.width}, job->scratch);
    if (p->slices > 1 && !reduce_meet(p, result, slice, at.width, job->scratch))
      continue;
    if (p->inner == 0)
      fold_lanes(&p->how, job->scratch, at.width);
    reduce_write(p, &at, job->scratch, job->out[0]);
  }
}

/* ---- descriptors ---- */

#define T_REDUCE                                                                                   \
  (T_FLOATS | ONNXRUN_TYPE(INT32) | ONNXRUN_TYPE(INT64) | ONNXRUN_TYPE(UINT32) |                   \
   ONNXRUN_TYPE(UINT64))

/* Finishes n results y[i] of type T. */
#define REDUCE_FINISH(name, T, VALUE)                                                              \
  static void name(void *acc, size_t n, const struct reduce *p)                                    \
  {                                                                                                \
    T *y = acc;                                                                                    \
    (void)p;                                                                                       \
    for (size_t i = 0; i < n; i++)                                                                 \
      y[i] = (T)VALUE(y[i], p);                                                                    \
  }

static const onnxrun_operand reduce_data[] = {IN("data", 'T', T_REDUCE), END};
static const onnxrun_operand reduce_data_axes[] = {
    IN("data", 'T', T_REDUCE),
    IN_FLAGS("axes", 0, T_INT64, ONNXRUN_OPTIONAL_OPERAND | ONNXRUN_VALUE), END};
static const onnxrun_operand reduce_reduced[] = {OUT("reduced", 'T', T_REDUCE), END};

#define REDUCE_FIELDS(id, in, out, attributes, loop)                                               \
  .inputs = in, .outputs = out, .attrs = attributes, PARAMS(struct reduce, method),                \
  .shape = id##_shape, .run = reduce_run, .loops = loop

/* Descriptors id_1, where axes is an attribute, and id_N, where it is an input, from opset N on,
 * for the operator id_method. Operands: TYPES_data, TYPES_data_axes, TYPES_reduced. */
#define REDUCE_OP(id, name, n, types, loop)                                                        \
  static COLD onnxrun_status id##_shape(const onnxrun_host *h, onnxrun_node *node, void *params)   \
  {                                                                                                \
    return reduce_shape(h, node, params, &id##_method);                                            \
  }                                                                                                \
  static const onnxrun_kernel id##_1 = {                                                           \
      KERNEL(name, 1, (n)-1),                                                                      \
      REDUCE_FIELDS(id, types##_data, types##_reduced, reduce_attrs_1, loop)};                     \
  static const onnxrun_kernel id##_##n = {                                                         \
      KERNEL(name, n, 0),                                                                          \
      REDUCE_FIELDS(id, types##_data_axes, types##_reduced, reduce_attrs_18, loop)};

#endif
