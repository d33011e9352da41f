/* tensors.c: see tensors.h. Conversions are written from the formats' definitions, not from
 * ops/kit, so that they can judge it. */
#undef NDEBUG
#include "tests/ops/tensors.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct block {
  struct block *next;
} * blocks;
static uint64_t random_state = 1;

void *test_memory(size_t bytes)
{
  struct block *b = NULL;
  const int failed = posix_memalign((void **)&b, 64, 64 + bytes);
  assert(!failed && b);
  memset(b, 0, 64 + bytes);
  b->next = blocks;
  blocks = b;
  return (char *)b + 64;
}

const void *tensors_mark(void)
{
  return blocks;
}

void tensors_free_since(const void *mark)
{
  while (blocks != mark) {
    struct block *next = blocks->next;
    free(blocks);
    blocks = next;
  }
}

void tensors_free(void)
{
  tensors_free_since(NULL);
}

double test_random(void)
{
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (double)(random_state >> 11) * 0x1p-53;
}

onnxrun_tensor *tensor_new(onnxrun_dtype type, uint32_t rank, const int64_t *dims)
{
  onnxrun_tensor *t = test_memory(sizeof *t);
  t->dtype = type;
  t->rank = rank;
  assert(rank <= ONNXRUN_MAX_RANK);
  for (uint32_t d = 0; d < rank; d++)
    t->dims[d] = dims[d];
  t->bytes = (onnxrun_elements(t) * onnxrun_bits(type) + 7) / 8;
  t->data = test_memory(t->bytes);
  onnxrun_string *s = t->data;
  for (size_t i = 0; type == ONNXRUN_STRING && i < onnxrun_elements(t); i++)
    s[i].data = "";
  return t;
}

onnxrun_tensor *tensor_of(onnxrun_dtype type, uint32_t rank, const int64_t *dims, size_t n,
                          const double *values)
{
  onnxrun_tensor *t = tensor_new(type, rank, dims);
  assert(n == onnxrun_elements(t));
  for (size_t i = 0; i < n; i++)
    set_number(t, i, values[i]);
  return t;
}

onnxrun_tensor *tensor_texts(uint32_t rank, const int64_t *dims, size_t n, const char *const *texts)
{
  onnxrun_tensor *t = tensor_new(ONNXRUN_STRING, rank, dims);
  assert(n == onnxrun_elements(t));
  for (size_t i = 0; i < n; i++)
    ((onnxrun_string *)t->data)[i] = (onnxrun_string){texts[i], strlen(texts[i])};
  return t;
}

onnxrun_tensor *tensor_ints(size_t n, const int64_t *values)
{
  onnxrun_tensor *t = tensor_new(ONNXRUN_INT64, DIMS((int64_t)n));
  if (n > 0)
    memcpy(t->data, values, n * sizeof *values);
  return t;
}

static void set_random(onnxrun_tensor *t, size_t i, double lowest, double highest)
{
  const double x = lowest + test_random() * (highest - lowest);
  if (t->dtype == ONNXRUN_STRING) {
    char *text = test_memory(16);
    const size_t size = (size_t)(test_random() * 15);
    for (size_t c = 0; c < size; c++)
      text[c] = (char)('a' + (int)(test_random() * 26));
    ((onnxrun_string *)t->data)[i] = (onnxrun_string){text, size};
  } else if (t->dtype == ONNXRUN_COMPLEX64) {
    ((float *)t->data)[2 * i] = (float)x;
    ((float *)t->data)[2 * i + 1] = (float)(lowest + test_random() * (highest - lowest));
  } else if (t->dtype == ONNXRUN_COMPLEX128) {
    ((double *)t->data)[2 * i] = x;
    ((double *)t->data)[2 * i + 1] = lowest + test_random() * (highest - lowest);
  } else if (t->dtype == ONNXRUN_BOOL) {
    set_int(t, i, test_random() < 0.5);
  } else {
    set_number(t, i, x);
  }
}

onnxrun_tensor *tensor_random(onnxrun_dtype type, uint32_t rank, const int64_t *dims, double lowest,
                              double highest)
{
  onnxrun_tensor *t = tensor_new(type, rank, dims);
  for (size_t i = 0; i < onnxrun_elements(t); i++)
    set_random(t, i, lowest, highest);
  return t;
}

onnxrun_tensor *tensor_range(onnxrun_dtype type, uint32_t rank, const int64_t *dims, double first,
                             double step)
{
  onnxrun_tensor *t = tensor_new(type, rank, dims);
  for (size_t i = 0; i < onnxrun_elements(t); i++)
    set_number(t, i, first + step * (double)i);
  return t;
}

onnxrun_tensor *tensor_list(onnxrun_dtype kind, size_t n, onnxrun_tensor *const *items)
{
  onnxrun_tensor *t = tensor_new(kind, SCALAR);
  onnxrun_tensor *copies = test_memory(n * sizeof *copies);
  for (size_t i = 0; i < n; i++)
    copies[i] = *items[i];
  *(onnxrun_list *)t->data = (onnxrun_list){copies, n};
  return t;
}

onnxrun_tensor *tensor_reshaped(const onnxrun_tensor *t, uint32_t rank, const int64_t *dims)
{
  onnxrun_tensor *other = tensor_new(t->dtype, rank, dims);
  assert(other->bytes == t->bytes);
  if (t->bytes)
    memcpy(other->data, t->data, t->bytes);
  return other;
}

onnxrun_tensor *tensor_cast(const onnxrun_tensor *t, onnxrun_dtype type)
{
  onnxrun_tensor *other = tensor_new(type, t->rank, t->dims);
  for (size_t i = 0; i < onnxrun_elements(t); i++)
    set_number(other, i, get_number(t, i));
  return other;
}

bool is_float_type(onnxrun_dtype t)
{
  return t == ONNXRUN_FLOAT || t == ONNXRUN_DOUBLE || t == ONNXRUN_FLOAT16 || t == ONNXRUN_BFLOAT16;
}

bool is_signed_type(onnxrun_dtype t)
{
  return t == ONNXRUN_INT8 || t == ONNXRUN_INT16 || t == ONNXRUN_INT32 || t == ONNXRUN_INT64 ||
         t == ONNXRUN_INT4 || t == ONNXRUN_INT2;
}

/* ---- elements -------------------------------------------------------------------------------- */

/* A format of few bits: sign, exponent, mantissa. */
typedef struct format {
  int mantissa, bias;
  enum { IEEE, FINITE, FN, FNUZ, POWERS } kind;
} format;

static bool small_format(onnxrun_dtype t, format *f)
{
  switch (t) {
  case ONNXRUN_FLOAT16:
    *f = (format){10, 15, IEEE};
    return true;
  case ONNXRUN_BFLOAT16:
    *f = (format){7, 127, IEEE};
    return true;
  case ONNXRUN_FLOAT8E5M2:
    *f = (format){2, 15, IEEE};
    return true;
  case ONNXRUN_FLOAT8E4M3FN:
    *f = (format){3, 7, FN};
    return true;
  case ONNXRUN_FLOAT8E4M3FNUZ:
    *f = (format){3, 8, FNUZ};
    return true;
  case ONNXRUN_FLOAT8E5M2FNUZ:
    *f = (format){2, 16, FNUZ};
    return true;
  case ONNXRUN_FLOAT4E2M1:
    *f = (format){1, 1, FINITE};
    return true;
  case ONNXRUN_FLOAT8E8M0:
    *f = (format){0, 127, POWERS};
    return true;
  default:
    return false;
  }
}

static double decode(format f, unsigned bits, unsigned code)
{
  if (f.kind == POWERS)
    return code == 255 ? NAN : ldexp(1, (int)code - f.bias);
  const unsigned sign = code >> (bits - 1), magnitude = code & ((1u << (bits - 1)) - 1);
  const int exponent = (int)(magnitude >> f.mantissa);
  const unsigned fraction = magnitude & ((1u << f.mantissa) - 1);
  const unsigned top = (1u << (bits - 1)) - 1;
  const int last = (1 << ((int)bits - 1 - f.mantissa)) - 1;
  double x;
  if (f.kind == FNUZ && sign && magnitude == 0)
    return NAN;
  if (f.kind == IEEE && exponent == last)
    x = fraction ? NAN : INFINITY;
  else if (f.kind == FN && magnitude == top)
    x = NAN;
  else if (exponent == 0)
    x = ldexp(fraction, 1 - f.bias - f.mantissa);
  else
    x = ldexp((1 << f.mantissa) + (int)fraction, exponent - f.bias - f.mantissa);
  return sign ? -x : x;
}

/* The code of the nearest magnitude by bisection: codes of one sign are in the order of their
 * values. Past the largest: infinity where there is one, else NaN, else the largest. */
static unsigned encode(format f, unsigned bits, double x)
{
  const unsigned sign = signbit(x) && f.kind != POWERS ? 1u << (bits - 1) : 0;
  const unsigned codes = f.kind == POWERS ? 255 : 1u << (bits - 1);
  const unsigned past = f.kind == IEEE ? codes - (1u << f.mantissa) /* infinity */
                        : f.kind == FN ? codes - 1
                                       : codes;
  const double magnitude = fabs(x);
  if (isnan(x))
    return f.kind == FNUZ   ? 1u << (bits - 1)
           : f.kind == IEEE ? past | 1u << (f.mantissa - 1)
                            : past;
  unsigned low = 0, high = past - 1; /* the largest finite */
  while (low < high) {
    const unsigned middle = (low + high + 1) / 2;
    if (decode(f, bits, middle) <= magnitude)
      low = middle;
    else
      high = middle - 1;
  }
  const double below = decode(f, bits, low);
  const double above =
      low + 1 < past ? decode(f, bits, low + 1) : below + (below - decode(f, bits, low - 1));
  const double half = below + (above - below) / 2;
  const bool is_up = magnitude > half || (magnitude == half && (low & 1));
  unsigned code = low + (is_up ? 1 : 0);
  if (code >= past)
    code = f.kind == IEEE || f.kind == FN ? past : f.kind == FNUZ ? 0 : past - 1;
  if (f.kind == FNUZ && is_up && low + 1 >= past)
    return 1u << (bits - 1);
  return f.kind == FNUZ && code == 0 ? 0 : sign | code;
}

/* The element's bits, of types up to 64. */
static uint64_t load_bits(const onnxrun_tensor *t, size_t i)
{
  const uint32_t bits = onnxrun_bits(t->dtype);
  const unsigned char *bytes = t->data;
  uint64_t code = 0;
  if (bits < 8)
    return (unsigned)bytes[i * bits / 8] >> i * bits % 8 & ((1u << bits) - 1);
  memcpy(&code, bytes + i * (bits / 8), bits / 8);
  return code;
}

static void store_bits(onnxrun_tensor *t, size_t i, uint64_t code)
{
  const uint32_t bits = onnxrun_bits(t->dtype);
  unsigned char *bytes = t->data;
  if (bits < 8) {
    const unsigned shift = (unsigned)(i * bits % 8), mask = (1u << bits) - 1;
    unsigned char *byte = &bytes[i * bits / 8];
    *byte = (unsigned char)((*byte & ~(mask << shift)) | ((unsigned)code & mask) << shift);
  } else {
    memcpy(bytes + i * (bits / 8), &code, bits / 8);
  }
}

int64_t get_int(const onnxrun_tensor *t, size_t i)
{
  const uint32_t bits = onnxrun_bits(t->dtype);
  const uint64_t code = load_bits(t, i);
  if (!is_signed_type(t->dtype) || bits == 64)
    return (int64_t)code;
  const uint64_t sign = UINT64_C(1) << (bits - 1);
  return (int64_t)((code ^ sign) - sign);
}

void set_int(onnxrun_tensor *t, size_t i, int64_t value)
{
  store_bits(t, i, (uint64_t)value);
}

double get_number(const onnxrun_tensor *t, size_t i)
{
  format f;
  if (t->dtype == ONNXRUN_FLOAT)
    return (double)((const float *)t->data)[i];
  if (t->dtype == ONNXRUN_DOUBLE)
    return ((const double *)t->data)[i];
  if (t->dtype == ONNXRUN_COMPLEX64)
    return (double)((const float *)t->data)[2 * i];
  if (t->dtype == ONNXRUN_COMPLEX128)
    return ((const double *)t->data)[2 * i];
  if (small_format(t->dtype, &f))
    return decode(f, onnxrun_bits(t->dtype), (unsigned)load_bits(t, i));
  return t->dtype == ONNXRUN_UINT64 ? (double)load_bits(t, i) : (double)get_int(t, i);
}

static uint64_t whole(onnxrun_dtype t, double value)
{
  const int bits = (int)onnxrun_bits(t);
  const bool has_sign = is_signed_type(t);
  const double rounded = nearbyint(value), over = ldexp(1, has_sign ? bits - 1 : bits);
  const uint64_t most = UINT64_MAX >> (64 - bits + (has_sign ? 1 : 0));
  if (t == ONNXRUN_BOOL)
    return value != 0;
  if (isnan(value) || (!has_sign && rounded <= 0))
    return 0;
  if (rounded >= over)
    return most;
  if (rounded < -over)
    return ~most;
  return rounded < 0 ? (uint64_t)(int64_t)rounded : (uint64_t)rounded;
}

void set_number(onnxrun_tensor *t, size_t i, double value)
{
  format f;
  assert(t->dtype != ONNXRUN_STRING);
  if (t->dtype == ONNXRUN_FLOAT)
    ((float *)t->data)[i] = (float)value;
  else if (t->dtype == ONNXRUN_DOUBLE)
    ((double *)t->data)[i] = value;
  else if (t->dtype == ONNXRUN_COMPLEX64)
    ((float *)t->data)[2 * i] = (float)value;
  else if (t->dtype == ONNXRUN_COMPLEX128)
    ((double *)t->data)[2 * i] = value;
  else if (small_format(t->dtype, &f))
    store_bits(t, i, encode(f, onnxrun_bits(t->dtype), value));
  else
    store_bits(t, i, whole(t->dtype, value));
}

void copy_element(onnxrun_tensor *to, size_t i, const onnxrun_tensor *from, size_t j)
{
  const uint32_t bits = onnxrun_bits(to->dtype);
  assert(to->dtype == from->dtype);
  if (bits < 8)
    store_bits(to, i, load_bits(from, j));
  else
    memcpy((char *)to->data + i * (bits / 8), (char *)from->data + j * (bits / 8), bits / 8);
}
