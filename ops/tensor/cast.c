/* Cast and CastLike: the elements in another type.
 * Cast: opsets 1 (`to` is a name), 6, 9, 13, 19 (saturate), 21, 23, 24 (round_mode), 25; CastLike:
 * 15, 19, 21, 23, 24, 25. Numbers go through ops/kit/convert.h, which says how they are rounded and
 * what out of range gives. Text as ops/kit/text.h: the shortest that reads as the same element
 * again, bool as numpy's True and False; what is no number, or does not fit an integer type, fails
 * the run. */
#include "ops/kit/convert.h"
#include "ops/kit/text.h"

typedef struct cast {
  int64_t to, saturate, round_mode;
  onnxrun_dtype target;
  size_t elements;
  convert c;
} cast;

enum { CAST_ITEM = 4 * CONVERT_BLOCK }; /* elements of an item of CastLike */

/* The part of prepare() that numbers and text share. */
COLD static onnxrun_status cast_prepare(const onnxrun_host *h, onnxrun_node *n, cast *p,
                                        bool is_text)
{
  const onnxrun_dtype from = h->input(n, 0)->dtype;
  if (h->n_inputs(n) > 1)
    p->target = h->input(n, 1)->dtype;
  else
    p->target = p->to > 0 && p->to < 64 ? (onnxrun_dtype)p->to : ONNXRUN_UNDEFINED;
  const bool to_text = p->target == ONNXRUN_STRING;
  if (!to_text && !convert_type(p->target))
    return h->fail(n, ONNXRUN_INVALID_MODEL, "to is %lld, expected a numeric type or string",
                   (long long)p->to);
  if (is_text != (to_text || from == ONNXRUN_STRING))
    return h->fail(n, ONNXRUN_UNSUPPORTED, "text and numbers are two kernels");
  convert_choose(&p->c, from, p->target, p->saturate != 0, (uint32_t)p->round_mode);
  return h->type(n, 0, p->target);
}

static onnxrun_status prepare_numbers(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return cast_prepare(h, n, params, false);
}

static void cast_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const cast *p = job->params;
  convert_range(&p->c, job->out[0], job->in[0], begin, end);
}

COLD static onnxrun_status like_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  cast *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  const onnxrun_status s = h->output(n, 0, x->rank, x->dims);
  if (s != ONNXRUN_OK)
    return s;
  p->elements = onnxrun_elements(x);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->elements / CAST_ITEM + (p->elements % CAST_ITEM != 0);
  work.item_cost = CAST_ITEM;
  return h->plan(n, &work);
}

static void like_loop(const onnxrun_job *job, size_t begin, size_t end)
{
  const cast *p = job->params;
  const size_t last = end * CAST_ITEM < p->elements ? end * CAST_ITEM : p->elements;
  convert_range(&p->c, job->out[0], job->in[0], begin * CAST_ITEM, last);
}

/* ---- text ---------------------------------------------------------------------------------- */

static onnxrun_status prepare_text(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  return cast_prepare(h, n, params, true);
}

static onnxrun_status text_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  (void)params;
  const onnxrun_tensor *x = h->input(n, 0);
  return h->output(n, 0, x->rank, x->dims);
}

/* Whether the decimal becomes the double x again by way of the element type at `context`. */
COLD static bool reads_as(text_number *n, double x, const void *context)
{
  const onnxrun_dtype type = *(const onnxrun_dtype *)context;
  if (type == ONNXRUN_FLOAT)
    return (double)strtof(text_plain(n), NULL) == fabs(x);
  double read = strtod(text_plain(n), NULL);
  uint64_t element;
  convert there, back;
  convert_choose(&there, ONNXRUN_DOUBLE, type, true, E8M0_NEAREST);
  convert_choose(&back, type, ONNXRUN_DOUBLE, false, 0);
  convert_range(&there, &element, &read, 0, 1);
  convert_range(&back, &read, &element, 0, 1);
  return read == fabs(x);
}

/* What a type's elements are formatted from: bools and integers as 64 bits, else double. */
static onnxrun_dtype text_carrier(onnxrun_dtype type)
{
  const uint8_t carrier = convert_type(type)->carrier;
  if (carrier == CARRY_F32 || carrier == CARRY_F64)
    return ONNXRUN_DOUBLE;
  return type == ONNXRUN_UINT64 ? ONNXRUN_UINT64 : ONNXRUN_INT64;
}

COLD static size_t format(char *to, uint64_t carried, onnxrun_dtype carrier, onnxrun_dtype type)
{
  if (type == ONNXRUN_BOOL) {
    memcpy(to, carried ? "True" : "False", 5);
    return carried ? 4 : 5;
  }
  if (carrier == ONNXRUN_DOUBLE)
    return text_of_double(to, f64_bits(carried), reads_as, &type);
  const bool is_negative = carrier == ONNXRUN_INT64 && carried >> 63;
  return text_of_integer(to, is_negative ? 0 - carried : carried, is_negative);
}

COLD static onnxrun_status to_text(const onnxrun_host *h, onnxrun_node *n)
{
  const onnxrun_tensor *x = h->input(n, 0);
  const size_t count = onnxrun_elements(x);
  const onnxrun_dtype carrier = text_carrier(x->dtype);
  convert load;
  convert_choose(&load, x->dtype, carrier, false, 0);
  onnxrun_string *y = h->result(n, 0)->data;
  /* The host bounds a tensor to PTRDIFF_MAX / 16 elements: no overflow. */
  char *text = h->keep(n, count * TEXT_BYTES);
  if (!text)
    return ONNXRUN_NO_MEMORY;
  for (size_t at = 0; at < count; at += CONVERT_BLOCK) {
    uint64_t block[CONVERT_BLOCK];
    const size_t size = count - at < CONVERT_BLOCK ? count - at : CONVERT_BLOCK;
    convert_range(&load, block, (const char *)x->data + at * load.from_bits / 8, 0, size);
    for (size_t i = 0; i < size; i++, text += TEXT_BYTES)
      y[at + i] = (onnxrun_string){text, format(text, block[i], carrier, x->dtype)};
  }
  return ONNXRUN_OK;
}

static bool is_signed(onnxrun_dtype t)
{
  return (T_SIGNED | ONNXRUN_TYPE(INT4) | ONNXRUN_TYPE(INT2)) >> t & 1;
}

/* Element `i` of text as an integer of the type, in 64 bits. */
COLD static onnxrun_status parse_integer(const onnxrun_host *h, onnxrun_node *n, size_t i,
                                         onnxrun_dtype type, const text_number *number,
                                         uint64_t *out)
{
  const uint32_t bits = onnxrun_bits(type) - is_signed(type);
  const uint64_t most = UINT64_MAX >> (64 - bits);
  uint64_t magnitude;
  const bool fits = text_magnitude(number, &magnitude);
  const bool is_lowest = is_signed(type) && number->is_negative && magnitude == most + 1;
  const bool is_below = !is_signed(type) && number->is_negative && magnitude > 0;
  if (!fits || is_below || (magnitude > most && !is_lowest))
    return h->fail(n, ONNXRUN_RUN_FAILED, "element %zu of the text does not fit %u bits, %s", i,
                   onnxrun_bits(type), is_signed(type) ? "signed" : "unsigned");
  *out = number->is_negative ? 0 - magnitude : magnitude;
  return ONNXRUN_OK;
}

COLD static bool parse_bool(onnxrun_string s, text_number *number, uint64_t *out)
{
  const char *at = s.data, *end = s.size ? s.data + s.size : s.data;
  text_trim(&at, &end);
  const bool is_true = text_is_word(at, end, "true");
  if (is_true || text_is_word(at, end, "false")) {
    *out = is_true;
    return true;
  }
  if (!text_scan(number, s))
    return false;
  *out = number->is_nan || number->is_infinite || number->n_digits > 0;
  return true;
}

/* One element of text to a carrier: float bits, double bits or an integer, as the type goes. */
COLD static onnxrun_status parse(const onnxrun_host *h, onnxrun_node *n, size_t i,
                                 onnxrun_dtype type, uint64_t *out)
{
  const onnxrun_string s = ((const onnxrun_string *)h->input(n, 0)->data)[i];
  text_number number;
  const bool is_number = type == ONNXRUN_BOOL ? parse_bool(s, &number, out) : text_scan(&number, s);
  if (!is_number)
    return h->fail(n, ONNXRUN_RUN_FAILED, "element %zu is '%.*s', expected a number", i,
                   (int)(s.size < 40 ? s.size : 40), s.size ? s.data : "");
  if (type == ONNXRUN_BOOL)
    return ONNXRUN_OK;
  if (text_carrier(type) != ONNXRUN_DOUBLE)
    return parse_integer(h, n, i, type, &number, out);
  *out = type == ONNXRUN_FLOAT ? bits_f64((double)text_f32(&number)) : bits_f64(text_f64(&number));
  return ONNXRUN_OK;
}

COLD static onnxrun_status from_text(const onnxrun_host *h, onnxrun_node *n, const cast *p)
{
  const size_t count = onnxrun_elements(h->input(n, 0));
  convert store;
  convert_choose(&store, text_carrier(p->target), p->target, p->saturate != 0,
                 (uint32_t)p->round_mode);
  char *y = h->result(n, 0)->data;
  for (size_t at = 0; at < count; at += CONVERT_BLOCK) {
    uint64_t block[CONVERT_BLOCK];
    const size_t size = count - at < CONVERT_BLOCK ? count - at : CONVERT_BLOCK;
    for (size_t i = 0; i < size; i++) {
      const onnxrun_status s = parse(h, n, at + i, p->target, &block[i]);
      if (s != ONNXRUN_OK)
        return s;
    }
    convert_range(&store, y + at * store.to_bits / 8, block, 0, size);
  }
  return ONNXRUN_OK;
}

COLD static onnxrun_status text_run(const onnxrun_host *h, onnxrun_node *n, const void *params)
{
  const cast *p = params;
  const onnxrun_tensor *x = h->input(n, 0);
  if (!h->result(n, 0))
    return ONNXRUN_OK;
  if (x->dtype != ONNXRUN_STRING)
    return to_text(h, n);
  if (p->target != ONNXRUN_STRING)
    return from_text(h, n, p);
  const size_t bytes = onnxrun_elements(x) * sizeof(onnxrun_string);
  if (bytes > 0)
    memcpy(h->result(n, 0)->data, x->data, bytes);
  return ONNXRUN_OK;
}

/* ---- descriptors --------------------------------------------------------------------------- */

#define T_CAST (T_TENSORS & ~T_COMPLEX)

static const onnxrun_operand cast_in[] = {IN("input", '1', T_CAST), END};
static const onnxrun_operand number_in[] = {IN("input", '1', T_CAST & ~T_STRING), END};
static const onnxrun_operand like_in[] = {IN("input", '1', T_CAST), IN("target_type", '2', T_CAST),
                                          END};
static const onnxrun_operand cast_out[] = {OUT("output", '2', T_CAST), END};

#define TO ATTR_I_REQUIRED(cast, to)
#define SATURATE ATTR_I(cast, saturate, 1)
#define ROUND_MODE ATTR_ENUM(cast, round_mode, E8M0_UP, "up|down|nearest")
/* Opset 1 has the names of the types, which stand here at their numbers. */
#define TO_NAME                                                                                    \
  ATTR_ENUM(cast, to, 0,                                                                           \
            "UNDEFINED|FLOAT|UINT8|INT8|UINT16|INT16|INT32|INT64|STRING|BOOL|FLOAT16|DOUBLE|"      \
            "UINT32|UINT64")

static const onnxrun_attr attrs_1[] = {TO_NAME, END}, attrs_6[] = {TO, END},
                          attrs_19[] = {TO, SATURATE, END},
                          attrs_24[] = {TO, SATURATE, ROUND_MODE, END}, like_19[] = {SATURATE, END},
                          like_24[] = {SATURATE, ROUND_MODE, END};

static const onnxrun_loop cast_loops[] = {{ONNXRUN_UNDEFINED, cast_loop}, {0}};
static const onnxrun_loop like_loops[] = {{ONNXRUN_UNDEFINED, like_loop}, {0}};

#define FOR_NUMBERS                                                                                \
  .flags = ONNXRUN_MAP, .inputs = number_in, .outputs = cast_out, .params_size = sizeof(cast),     \
  .prepare = prepare_numbers, .loops = cast_loops
#define FOR_TEXT                                                                                   \
  .inputs = cast_in, .outputs = cast_out, .params_size = sizeof(cast), .prepare = prepare_text,    \
  .shape = text_shape, .run = text_run
#define LIKE_NUMBERS                                                                               \
  .inputs = like_in, .outputs = cast_out, .params_size = sizeof(cast), .prepare = prepare_numbers, \
  .shape = like_shape, .loops = like_loops
#define LIKE_TEXT                                                                                  \
  .inputs = like_in, .outputs = cast_out, .params_size = sizeof(cast), .prepare = prepare_text,    \
  .shape = text_shape, .run = text_run

static const onnxrun_kernel cast_1 = {KERNEL("Cast", 1, 5), .attrs = attrs_1, FOR_NUMBERS},
                            text_6 = {KERNEL("Cast", 6, 18), .attrs = attrs_6, FOR_TEXT},
                            cast_6 = {KERNEL("Cast", 6, 18), .attrs = attrs_6, FOR_NUMBERS},
                            text_19 = {KERNEL("Cast", 19, 23), .attrs = attrs_19, FOR_TEXT},
                            cast_19 = {KERNEL("Cast", 19, 23), .attrs = attrs_19, FOR_NUMBERS},
                            text_24 = {KERNEL("Cast", 24, 0), .attrs = attrs_24, FOR_TEXT},
                            cast_24 = {KERNEL("Cast", 24, 0), .attrs = attrs_24, FOR_NUMBERS},
                            like_text_15 = {KERNEL("CastLike", 15, 18), LIKE_TEXT},
                            like_15 = {KERNEL("CastLike", 15, 18), LIKE_NUMBERS},
                            like_text_19 = {KERNEL("CastLike", 19, 23), .attrs = like_19,
                                            LIKE_TEXT},
                            like_kernel_19 = {KERNEL("CastLike", 19, 23), .attrs = like_19,
                                              LIKE_NUMBERS},
                            like_text_24 = {KERNEL("CastLike", 24, 0), .attrs = like_24, LIKE_TEXT},
                            like_kernel_24 = {KERNEL("CastLike", 24, 0), .attrs = like_24,
                                              LIKE_NUMBERS};

KERNELS(cast, &cast_1, &text_6, &cast_6, &text_19, &cast_19, &text_24, &cast_24, &like_text_15,
        &like_15, &like_text_19, &like_kernel_19, &like_text_24, &like_kernel_24)
