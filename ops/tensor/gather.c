/* Gather: the slices of data along `axis` that the indices name, output dims data[:axis] + indices
 * + data[axis+1:].  Opsets 1, 11 (negative indices), 13.  Indices are checked in run(), before the
 * copies, whose items are chunks of slices. */
#include "ops/kit/copy.h"

typedef struct gather {
  int64_t axis;
  size_t bound, n_indices, inner; /* dim of the axis, indices, bytes of a slice */
  size_t n_chunks;                /* items of a slice */
  bool is_wide;                   /* indices are int64 */
} gather;

static int64_t index_at(const void *indices, size_t i, bool is_wide)
{
  return is_wide ? ((const int64_t *)indices)[i] : ((const int32_t *)indices)[i];
}

COLD static onnxrun_status gather_output(const onnxrun_host *h, onnxrun_node *n, uint32_t axis)
{
  const onnxrun_tensor *x = h->input(n, 0), *indices = h->input(n, 1);
  int64_t dims[2 * ONNXRUN_MAX_RANK];
  uint32_t rank = 0;
  for (uint32_t d = 0; d < axis; d++)
    dims[rank++] = x->dims[d];
  for (uint32_t d = 0; d < indices->rank; d++)
    dims[rank++] = indices->dims[d];
  for (uint32_t d = axis + 1; d < x->rank; d++)
    dims[rank++] = x->dims[d];
  return h->output(n, 0, rank, dims);
}

COLD static onnxrun_status gather_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  gather *p = params;
  const onnxrun_tensor *x = h->input(n, 0), *indices = h->input(n, 1);
  uint32_t axis;
  onnxrun_status s = axis_of(h, n, p->axis, x->rank, &axis);
  if (s == ONNXRUN_OK)
    s = gather_output(h, n, axis);
  if (s != ONNXRUN_OK)
    return s;
  p->bound = (size_t)x->dims[axis];
  p->n_indices = onnxrun_elements(indices);
  p->inner = dims_product(x, axis + 1, x->rank) * element_bytes(x->dtype);
  p->n_chunks = p->inner / COPY_CHUNK + (p->inner % COPY_CHUNK != 0);
  p->is_wide = indices->dtype == ONNXRUN_INT64;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  /* A dim of 0 in data with indices that are none of its own: run() refuses those. */
  work.items = dims_product(x, 0, axis) * p->n_indices * p->n_chunks;
  work.item_cost = 4 + (double)(p->inner < COPY_CHUNK ? p->inner : COPY_CHUNK) / 16;
  return h->plan(n, &work);
}

static onnxrun_status gather_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const gather *p = params;
  const void *indices = h->input(n, 1)->data;
  const int64_t bound = (int64_t)p->bound;
  for (size_t i = 0; i < p->n_indices; i++) {
    const int64_t index = index_at(indices, i, p->is_wide);
    if (index < -bound || index >= bound)
      return h->fail(n, ONNXRUN_RUN_FAILED, "indices[%zu] is %lld, outside [-%lld, %lld)", i,
                     (long long)index, (long long)bound, (long long)bound);
  }
  return ONNXRUN_OK;
}

static void gather_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const gather *p = job->params;
  const size_t slice = begin / p->n_chunks;
  size_t chunk = begin % p->n_chunks, i = slice % p->n_indices, outer = slice / p->n_indices;
  char *y = (char *)job->out[0] + slice * p->inner + chunk * COPY_CHUNK;
  for (size_t item = begin; item < end; item++) {
    const size_t first = chunk * COPY_CHUNK, left = p->inner - first;
    const size_t bytes = left < COPY_CHUNK ? left : COPY_CHUNK;
    const int64_t index = index_at(job->in[1], i, p->is_wide);
    const size_t at = (size_t)(index < 0 ? index + (int64_t)p->bound : index);
    copy_bytes(y, (const char *)job->in[0] + (outer * p->bound + at) * p->inner + first, bytes);
    y += bytes;
    if (++chunk < p->n_chunks)
      continue;
    chunk = 0;
    if (++i == p->n_indices) {
      i = 0;
      outer++;
    }
  }
}

static const onnxrun_operand gather_in[] = {IN_FLAGS("data", 'T', T_WHOLE, ONNXRUN_UNALIGNED),
                                            IN("indices", 'I', T_INDEX), END};
static const onnxrun_operand gather_out[] = {OUT("output", 'T', T_WHOLE), END};
static const onnxrun_attr gather_attrs[] = {ATTR_I(gather, axis, 0), END};
static const onnxrun_loop gather_loops[] = {{ONNXRUN_UNDEFINED, gather_loop}, {0}};

static const onnxrun_kernel gather_1 = {
    KERNEL("Gather", 1, 0), .inputs = gather_in,           .outputs = gather_out,
    .attrs = gather_attrs,  .params_size = sizeof(gather), .shape = gather_shape,
    .run = gather_run,      .loops = gather_loops};

KERNELS(gather, &gather_1)
