/* ConstantOfShape: a tensor with the dims of the input, all elements `value` (float 0 by default).
 * Opsets 9, 20, 21, 23, 24, 25.  Items are blocks of bytes, filled from a repeated pattern. */
#include "ops/kit/axes.h"

enum { PATTERN = 64, BLOCK = 16384 };

typedef struct constantofshape {
  const onnxrun_tensor *value;
  unsigned char pattern[PATTERN]; /* the element, repeated */
  bool is_byte;                   /* one byte, repeated */
  unsigned char last_byte;        /* bits of it that elements take */
  size_t bytes;
} constantofshape;

COLD static onnxrun_status fill_prepare(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  constantofshape *p = params;
  const onnxrun_tensor *value = p->value;
  if (!value) {
    p->is_byte = true;
    return h->type(n, 0, ONNXRUN_FLOAT);
  }
  const uint32_t bits = onnxrun_bits(value->dtype);
  if (onnxrun_elements(value) != 1)
    return h->fail(n, ONNXRUN_INVALID_MODEL, "attribute 'value' has %zu elements, expected 1",
                   onnxrun_elements(value));
  memcpy(p->pattern, value->data, value->bytes < PATTERN ? value->bytes : PATTERN);
  for (uint32_t at = bits; at < 8; at += bits) /* packed: the element's bits through the byte */
    p->pattern[0] =
        (unsigned char)((p->pattern[0] & ((1u << at) - 1)) | (uint32_t)p->pattern[0] << at);
  const size_t element = bits < 8 ? 1 : bits / 8;
  for (size_t i = element; i < PATTERN; i++)
    p->pattern[i] = p->pattern[i - element];
  p->is_byte = memcmp(p->pattern, p->pattern + 1, PATTERN - 1) == 0;
  return h->type(n, 0, value->dtype);
}

COLD static onnxrun_status fill_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  constantofshape *p = params;
  onnxrun_ints shape;
  onnxrun_status s = ints_of(h, n, 0, &shape);
  if (s == ONNXRUN_OK && shape.size > ONNXRUN_MAX_RANK)
    return h->fail(n, ONNXRUN_LIMIT, "input has %zu dims, the most is %d", shape.size,
                   ONNXRUN_MAX_RANK);
  for (size_t d = 0; s == ONNXRUN_OK && d < shape.size; d++) {
    if (shape.items[d] < 0)
      s = h->fail(n, ONNXRUN_INVALID_INPUT, "input[%zu] is %lld, expected 0 or more", d,
                  (long long)shape.items[d]);
  }
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, (uint32_t)shape.size, shape.items);
  if (s != ONNXRUN_OK)
    return s;
  const onnxrun_tensor *y = h->result(n, 0);
  p->bytes = y ? y->bytes : 0;
  const uint32_t over = y ? (uint32_t)(onnxrun_elements(y) * onnxrun_bits(y->dtype) % 8) : 0;
  p->last_byte = (unsigned char)(over ? (1u << over) - 1 : 0xff);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->bytes / BLOCK + (p->bytes % BLOCK != 0);
  work.item_cost = BLOCK / 32;
  return h->plan(n, &work);
}

static void fill_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const constantofshape *p = job->params;
  const size_t last = end * BLOCK < p->bytes ? end * BLOCK : p->bytes;
  unsigned char *y = job->out[0];
  size_t at = begin * BLOCK;
  if (p->is_byte)
    memset(y + at, p->pattern[0], last - at);
  for (; !p->is_byte && at < last; at += PATTERN)
    memcpy(y + at, p->pattern, last - at < PATTERN ? last - at : PATTERN);
  if (last == p->bytes)
    y[last - 1] &= p->last_byte;
}

static const onnxrun_operand fill_in[] = {IN_FLAGS("input", '1', T_INT64, ONNXRUN_VALUE), END};
static const onnxrun_operand fill_out[] = {OUT("output", '2', T_TENSORS & ~T_STRING), END};
static const onnxrun_attr fill_attrs[] = {ATTR_T(constantofshape, value), END};
static const onnxrun_loop fill_loops[] = {{ONNXRUN_UNDEFINED, fill_loop}, {0}};

static const onnxrun_kernel constantofshape_9 = {KERNEL("ConstantOfShape", 9, 0),
                                                 .inputs = fill_in,
                                                 .outputs = fill_out,
                                                 .attrs = fill_attrs,
                                                 .params_size = sizeof(constantofshape),
                                                 .prepare = fill_prepare,
                                                 .shape = fill_shape,
                                                 .loops = fill_loops};

KERNELS_BY_LOOP(constantofshape, &constantofshape_9)
