/* element.c: single elements of tensors of any type, for printing and comparing.
 *
 * Small floats are decoded from a table of their formats (IEEE 754; OCP 8-bit and microscaling
 * formats for float8 and float4; the FNUZ kinds have one NaN, at the code of -0). */
#include "element.h"

#include <math.h>
#include <string.h>

/* What the code with all exponent bits set means. */
enum top { TOP_IEEE, TOP_NAN_ONLY, TOP_FNUZ, TOP_FINITE };

struct float_kind {
  onnxrun_dtype type;
  int exponent_bits, mantissa_bits, bias;
  enum top top;
};

static const struct float_kind float_kinds[] = {
    {ONNXRUN_FLOAT, 8, 23, 127, TOP_IEEE},         {ONNXRUN_DOUBLE, 11, 52, 1023, TOP_IEEE},
    {ONNXRUN_COMPLEX64, 8, 23, 127, TOP_IEEE},     {ONNXRUN_COMPLEX128, 11, 52, 1023, TOP_IEEE},
    {ONNXRUN_FLOAT16, 5, 10, 15, TOP_IEEE},        {ONNXRUN_BFLOAT16, 8, 7, 127, TOP_IEEE},
    {ONNXRUN_FLOAT8E4M3FN, 4, 3, 7, TOP_NAN_ONLY}, {ONNXRUN_FLOAT8E4M3FNUZ, 4, 3, 8, TOP_FNUZ},
    {ONNXRUN_FLOAT8E5M2, 5, 2, 15, TOP_IEEE},      {ONNXRUN_FLOAT8E5M2FNUZ, 5, 2, 16, TOP_FNUZ},
    {ONNXRUN_FLOAT4E2M1, 2, 1, 1, TOP_FINITE},     {ONNXRUN_FLOAT8E8M0, 8, 0, 127, TOP_NAN_ONLY},
};

static const struct float_kind *float_kind(onnxrun_dtype type)
{
  for (size_t i = 0; i < sizeof float_kinds / sizeof *float_kinds; i++) {
    if (float_kinds[i].type == type)
      return &float_kinds[i];
  }
  return NULL;
}

enum element_class element_class(onnxrun_dtype type)
{
  switch (type) {
  case ONNXRUN_BOOL:
    return ELEMENT_BOOL;
  case ONNXRUN_INT8:
  case ONNXRUN_INT16:
  case ONNXRUN_INT32:
  case ONNXRUN_INT64:
  case ONNXRUN_INT4:
  case ONNXRUN_INT2:
    return ELEMENT_SIGNED;
  case ONNXRUN_UINT8:
  case ONNXRUN_UINT16:
  case ONNXRUN_UINT32:
  case ONNXRUN_UINT64:
  case ONNXRUN_UINT4:
  case ONNXRUN_UINT2:
    return ELEMENT_UNSIGNED;
  case ONNXRUN_COMPLEX64:
  case ONNXRUN_COMPLEX128:
    return ELEMENT_COMPLEX;
  case ONNXRUN_STRING:
    return ELEMENT_STRING;
  case ONNXRUN_SEQUENCE:
  case ONNXRUN_OPTIONAL:
  case ONNXRUN_MAPPING:
    return ELEMENT_LIST;
  default:
    return float_kind(type) ? ELEMENT_REAL : ELEMENT_NONE;
  }
}

bool element_count(const onnxrun_tensor *t, size_t *count)
{
  size_t n = 1;
  bool overflow = false;
  for (uint32_t d = 0; d < t->rank; d++) {
    if (t->dims[d] == 0) {
      *count = 0;
      return true;
    }
    if (t->dims[d] < 0 || (uint64_t)t->dims[d] > SIZE_MAX / 16 / n)
      overflow = true;
    else
      n *= (size_t)t->dims[d];
  }
  *count = n;
  return !overflow;
}

/* The element's bits, in the low end. */
static uint64_t element_bits(const onnxrun_tensor *t, size_t i)
{
  const size_t bits = onnxrun_dtype_bits(t->dtype);
  const unsigned char *data = t->data;
  if (bits < 8) {
    const size_t per_byte = 8 / bits;
    return (uint64_t)data[i / per_byte] >> (i % per_byte * bits) & ((1u << bits) - 1);
  }
  uint64_t value = 0;
  for (size_t b = 0; b < bits / 8 && b < 8; b++)
    value |= (uint64_t)data[i * (bits / 8) + b] << (8 * b);
  return value;
}

uint64_t element_unsigned(const onnxrun_tensor *t, size_t i)
{
  return element_bits(t, i);
}

int64_t element_signed(const onnxrun_tensor *t, size_t i)
{
  const uint64_t value = element_bits(t, i);
  const uint64_t sign = UINT64_C(1) << (onnxrun_dtype_bits(t->dtype) - 1);
  return (int64_t)((value ^ sign) - sign);
}

static double decode_small(const struct float_kind *k, unsigned code)
{
  if (k->mantissa_bits == 0)
    return code == 0xff ? (double)NAN : ldexp(1.0, (int)code - k->bias);
  const unsigned sign = code >> (k->exponent_bits + k->mantissa_bits) & 1;
  const unsigned top = (1u << k->exponent_bits) - 1;
  const unsigned exponent = code >> k->mantissa_bits & top;
  const unsigned mantissa = code & ((1u << k->mantissa_bits) - 1);
  if (k->top == TOP_FNUZ && sign && exponent == 0 && mantissa == 0)
    return (double)NAN;
  if (k->top == TOP_IEEE && exponent == top)
    return mantissa ? (double)NAN : sign ? -(double)INFINITY : (double)INFINITY;
  if (k->top == TOP_NAN_ONLY && exponent == top && mantissa == (1u << k->mantissa_bits) - 1)
    return (double)NAN;
  const unsigned whole = exponent ? mantissa | 1u << k->mantissa_bits : mantissa;
  const int scale = (exponent ? (int)exponent : 1) - k->bias - k->mantissa_bits;
  const double value = ldexp((double)whole, scale);
  return sign ? -value : value;
}

double element_real(const onnxrun_tensor *t, size_t i)
{
  if (t->dtype == ONNXRUN_DOUBLE) {
    double d;
    memcpy(&d, (const char *)t->data + i * sizeof d, sizeof d);
    return d;
  }
  if (t->dtype == ONNXRUN_FLOAT) {
    float f;
    memcpy(&f, (const char *)t->data + i * sizeof f, sizeof f);
    return (double)f;
  }
  return decode_small(float_kind(t->dtype), (unsigned)element_bits(t, i));
}

void element_complex(const onnxrun_tensor *t, size_t i, double parts[2])
{
  const onnxrun_dtype type = t->dtype == ONNXRUN_COMPLEX64 ? ONNXRUN_FLOAT : ONNXRUN_DOUBLE;
  const onnxrun_tensor flat = {.dtype = type, .data = t->data, .bytes = t->bytes};
  parts[0] = element_real(&flat, 2 * i);
  parts[1] = element_real(&flat, 2 * i + 1);
}

const onnxrun_string *element_string(const onnxrun_tensor *t, size_t i)
{
  return (const onnxrun_string *)t->data + i;
}

const onnxrun_list *element_list(const onnxrun_tensor *t)
{
  return t->data;
}

double element_spacing(onnxrun_dtype type, double v)
{
  const struct float_kind *k = float_kind(type);
  int exponent;
  frexp(v, &exponent);
  const int least = 2 - k->bias;
  return ldexp(1.0, (exponent > least ? exponent : least) - 1 - k->mantissa_bits);
}
