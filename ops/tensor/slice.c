/* Slice: along each axis the elements start, start + step, ... before end.  Opsets 1 (attributes,
 * no steps), 10 (inputs), 11, 13.  Negative bounds count from the end; then start and end are
 * clamped to [0, dim], with a negative step to [0, dim - 1] and [-1, dim - 1]. A copy by strides,
 * in ranges of rows. */
#include "ops/kit/axes.h"
#include "ops/kit/copy.h"

typedef struct slice {
  onnxrun_ints starts, ends, axes;
  copy c;
} slice;

/* The four lists, as integers of 64 bits. */
enum { STARTS, ENDS, AXES, STEPS, LISTS };
typedef struct bounds {
  size_t n;
  bool is_given[LISTS];
  int64_t list[LISTS][ONNXRUN_MAX_RANK];
} bounds;

COLD static onnxrun_status set_list(const onnxrun_host *h, onnxrun_node *n, bounds *b,
                                    uint32_t which, onnxrun_ints values)
{
  static const char *const names[] = {"starts", "ends", "axes", "steps"};
  const uint32_t rank = h->input(n, 0)->rank;
  if (which == STARTS)
    b->n = values.size;
  if (values.size != b->n || values.size > rank)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "%s has %zu elements, expected %zu, at most %u",
                   names[which], values.size, b->n, rank);
  b->is_given[which] = true;
  for (size_t i = 0; i < values.size; i++)
    b->list[which][i] = values.items[i];
  return ONNXRUN_OK;
}

/* A list from input `which` + 1, of int32 or int64. */
COLD static onnxrun_status read_list(const onnxrun_host *h, onnxrun_node *n, bounds *b,
                                     uint32_t which)
{
  const onnxrun_tensor *t = h->input(n, which + 1);
  int64_t wide[ONNXRUN_MAX_RANK];
  if (!t)
    return ONNXRUN_OK;
  if (t->rank > 1)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input %u has rank %u, expected 1", which + 1,
                   t->rank);
  const size_t size = onnxrun_elements(t);
  for (size_t i = 0; i < size && i < ONNXRUN_MAX_RANK; i++)
    wide[i] =
        t->dtype == ONNXRUN_INT32 ? ((const int32_t *)t->data)[i] : ((const int64_t *)t->data)[i];
  return set_list(h, n, b, which, (onnxrun_ints){wide, size});
}

COLD static onnxrun_status read_bounds(const onnxrun_host *h, onnxrun_node *n, const slice *p,
                                       bounds *b)
{
  onnxrun_status s = ONNXRUN_OK;
  if (h->n_inputs(n) > 1) {
    for (uint32_t which = 0; which < LISTS && s == ONNXRUN_OK; which++)
      s = read_list(h, n, b, which);
    return s;
  }
  s = set_list(h, n, b, STARTS, p->starts);
  if (s == ONNXRUN_OK)
    s = set_list(h, n, b, ENDS, p->ends);
  return s == ONNXRUN_OK && p->axes.items ? set_list(h, n, b, AXES, p->axes) : s;
}

static int64_t clamped(int64_t at, int64_t dim, int64_t lowest, int64_t highest)
{
  if (at < 0)
    at = at < -dim ? lowest : at + dim;
  return at < lowest ? lowest : at > highest ? highest : at;
}

/* How many elements lie from *start (set to where that is) to end. */
static size_t slice_count(int64_t *start, int64_t end, int64_t step, int64_t dim)
{
  const bool is_back = step < 0;
  *start = clamped(*start, dim, 0, is_back ? dim - 1 : dim);
  /* -1 is before the first element; an end far below 0 becomes that. */
  end = clamped(end, dim, is_back ? -1 : 0, is_back ? dim - 1 : dim);
  const int64_t span = is_back ? *start - end : end - *start;
  const uint64_t by = is_back ? 0 - (uint64_t)step : (uint64_t)step;
  return dim == 0 || span <= 0 ? 0 : (size_t)(((uint64_t)span - 1) / by + 1);
}

/* What becomes of one dim: its size in the output, its start and its step. */
typedef struct part {
  int64_t start, step;
  size_t count;
} part;

COLD static onnxrun_status slice_parts(const onnxrun_host *h, onnxrun_node *n, const bounds *b,
                                       part *parts)
{
  const onnxrun_tensor *x = h->input(n, 0);
  uint32_t set, axis;
  const onnxrun_ints axes = {b->list[AXES], b->is_given[AXES] ? b->n : 0};
  const onnxrun_status s = axes_set(h, n, axes, x->rank, &set);
  if (s != ONNXRUN_OK)
    return s;
  for (uint32_t d = 0; d < x->rank; d++)
    parts[d] = (part){0, 1, (size_t)x->dims[d]};
  for (uint32_t i = 0; i < b->n; i++) {
    axis = i;
    if (b->is_given[AXES] && axis_of(h, n, b->list[AXES][i], x->rank, &axis) != ONNXRUN_OK)
      return ONNXRUN_INVALID_MODEL;
    part *p = &parts[axis];
    *p = (part){b->list[STARTS][i], b->is_given[STEPS] ? b->list[STEPS][i] : 1, 0};
    if (p->step == 0)
      return h->fail(n, ONNXRUN_INVALID_INPUT, "the step along axis %u is 0", axis);
    p->count = slice_count(&p->start, b->list[ENDS][i], p->step, x->dims[axis]);
  }
  return ONNXRUN_OK;
}

/* The walk through the input. A step beyond the only element is not taken, and not multiplied. */
COLD static void slice_walk(const onnxrun_tensor *x, const part *parts, copy *c)
{
  int64_t strides[ONNXRUN_MAX_RANK], stride = (int64_t)element_bytes(x->dtype);
  *c = (copy){.element = (size_t)stride};
  for (uint32_t d = x->rank; d-- > 0;) {
    strides[d] = stride;
    stride *= x->dims[d];
  }
  for (uint32_t d = 0; d < x->rank; d++) {
    c->start += parts[d].start * strides[d];
    copy_dim(c, parts[d].count, parts[d].count > 1 ? parts[d].step * strides[d] : 0);
  }
}

COLD static onnxrun_status slice_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  slice *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  bounds b = {0};
  part parts[ONNXRUN_MAX_RANK];
  int64_t dims[ONNXRUN_MAX_RANK];
  size_t elements = 1;
  onnxrun_status s = read_bounds(h, n, p, &b);
  if (s == ONNXRUN_OK)
    s = slice_parts(h, n, &b, parts);
  for (uint32_t d = 0; s == ONNXRUN_OK && d < x->rank; d++) {
    dims[d] = (int64_t)parts[d].count;
    elements *= parts[d].count;
  }
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, x->rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  if (elements > 0) {
    slice_walk(x, parts, &p->c);
    copy_plan(&p->c, &work);
  }
  return h->plan(n, &work);
}

static void slice_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const slice *p = job->params;
  copy_range(&p->c, job->out[0], job->in[0], begin, end);
}

static const onnxrun_operand slice_in_1[] = {IN_FLAGS("data", 'T', T_WHOLE, ONNXRUN_UNALIGNED),
                                             END};
static const onnxrun_operand slice_in_10[] = {
    IN_FLAGS("data", 'T', T_WHOLE, ONNXRUN_UNALIGNED),
    IN_FLAGS("starts", 'I', T_INDEX, ONNXRUN_VALUE),
    IN_FLAGS("ends", 'I', T_INDEX, ONNXRUN_VALUE),
    IN_FLAGS("axes", 'I', T_INDEX, ONNXRUN_VALUE | ONNXRUN_OPTIONAL_OPERAND),
    IN_FLAGS("steps", 'I', T_INDEX, ONNXRUN_VALUE | ONNXRUN_OPTIONAL_OPERAND),
    END};
static const onnxrun_operand slice_out[] = {OUT("output", 'T', T_WHOLE), END};
static const onnxrun_attr slice_attrs[] = {ATTR_INTS_REQUIRED(slice, starts),
                                           ATTR_INTS_REQUIRED(slice, ends), ATTR_INTS(slice, axes),
                                           END};
static const onnxrun_loop slice_loops[] = {{ONNXRUN_UNDEFINED, slice_loop}, {0}};

#define SLICE(first, last)                                                                         \
  KERNEL("Slice", first, last), .outputs = slice_out, PARAMS(slice, c), .shape = slice_shape,      \
                                .loops = slice_loops

static const onnxrun_kernel slice_1 = {SLICE(1, 9), .inputs = slice_in_1, .attrs = slice_attrs};
static const onnxrun_kernel slice_10 = {SLICE(10, 0), .inputs = slice_in_10};

KERNELS_BY_LOOP(slice, &slice_1, &slice_10)
