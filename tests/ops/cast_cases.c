/* cast_cases.c: Cast and CastLike. References go through double, which is exact for the values
 * chosen, and round to a type by the tests' own conversions (tensors.c). */
#include <math.h>
#include <string.h>

#include "tests/ops/harness.h"

#define MAP(...)
#define CASE(op, function) void function(void);
#include "tests/ops/cases.def"
#undef MAP
#undef CASE

static const onnxrun_dtype numbers[] = {
    ONNXRUN_FLOAT,        ONNXRUN_DOUBLE,         ONNXRUN_FLOAT16,    ONNXRUN_BFLOAT16,
    ONNXRUN_FLOAT8E4M3FN, ONNXRUN_FLOAT8E4M3FNUZ, ONNXRUN_FLOAT8E5M2, ONNXRUN_FLOAT8E5M2FNUZ,
    ONNXRUN_FLOAT4E2M1,   ONNXRUN_INT8,           ONNXRUN_UINT8,      ONNXRUN_INT16,
    ONNXRUN_UINT16,       ONNXRUN_INT32,          ONNXRUN_UINT32,     ONNXRUN_INT64,
    ONNXRUN_UINT64,       ONNXRUN_INT4,           ONNXRUN_UINT4,      ONNXRUN_INT2,
    ONNXRUN_UINT2,        ONNXRUN_BOOL,           ONNXRUN_FLOAT8E8M0,
};
enum { N_NUMBERS = sizeof numbers / sizeof *numbers, LENGTH = 300 };

static bool is_whole(onnxrun_dtype t)
{
  return !is_float_type(t) && (t < ONNXRUN_FLOAT8E4M3FN || t == ONNXRUN_UINT4 ||
                               t == ONNXRUN_INT4 || t >= ONNXRUN_UINT2);
}

/* What an element becomes: truncated to low bits (but unsigned ones of 32 and 64 bits saturate), or
 * rounded. */
static void convert_element(onnxrun_tensor *y, const onnxrun_tensor *x, size_t i)
{
  const double value = get_number(x, i);
  if (y->dtype == ONNXRUN_BOOL)
    set_int(y, i, value != 0);
  else if (is_whole(y->dtype) && is_whole(x->dtype))
    set_int(y, i, get_int(x, i));
  else if (value < 0 && (y->dtype == ONNXRUN_UINT32 || y->dtype == ONNXRUN_UINT64))
    set_int(y, i, 0);
  else if (is_whole(y->dtype))
    set_int(y, i, isnan(value) ? 0 : (int64_t)value);
  else
    set_number(y, i, value);
}

static void casts(onnxrun_dtype from, onnxrun_dtype to)
{
  const bool is_small = to == ONNXRUN_FLOAT8E8M0 || from == ONNXRUN_FLOAT8E8M0;
  onnxrun_tensor *x = tensor_random(from, DIMS(LENGTH), is_small ? 0.25 : -7, 7);
  onnxrun_tensor *y = tensor_new(to, DIMS(LENGTH));
  for (size_t i = 0; is_small && i < LENGTH; i++)
    set_number(x, i, ldexp(1, (int)(i % 2))); /* what 2 bits hold, too */
  for (size_t i = 0; i < LENGTH; i++)
    convert_element(y, x, i);
  trial *t = trial_new("Cast", 25);
  trial_int(t, "to", (int64_t)to);
  trial_input(t, x);
  trial_expect(t, y);
  trial_passes(t);
  trial *like = trial_new("CastLike", 25);
  trial_input(like, x);
  trial_input(like, tensor_new(to, DIMS(2, 0)));
  trial_expect(like, y);
  trial_passes(like);
}

void cast_every_pair(void)
{
  for (size_t i = 0; i < N_NUMBERS; i++) {
    for (size_t k = i % 2; k < N_NUMBERS; k += 2)
      casts(numbers[i], numbers[k]);
  }
}

void cast_every_other_pair(void)
{
  for (size_t i = 0; i < N_NUMBERS; i++) {
    for (size_t k = 1 - i % 2; k < N_NUMBERS; k += 2)
      casts(numbers[i], numbers[k]);
  }
}

static void becomes(const onnxrun_tensor *x, const onnxrun_tensor *y)
{
  trial *t = trial_new("Cast", 25);
  trial_int(t, "to", (int64_t)y->dtype);
  trial_input(t, x);
  trial_expect(t, y);
  trial_passes(t);
}

void cast_out_of_range(void)
{
  const onnxrun_tensor *x =
      tensor_of(ONNXRUN_FLOAT, DIMS(9),
                VALUES(NAN, INFINITY, -INFINITY, 3e9, -3e9, 1e20, -1e20, -1.9, 2147483648.0));
  becomes(x, tensor_of(ONNXRUN_INT32, DIMS(9),
                       VALUES(0, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN,
                              -1, INT32_MAX)));
  becomes(x, tensor_of(ONNXRUN_UINT32, DIMS(9),
                       VALUES(0, UINT32_MAX, 0, 3e9, 0, UINT32_MAX, 0, 0, 2147483648.0)));
  onnxrun_tensor *y =
      tensor_of(ONNXRUN_INT64, DIMS(9), VALUES(0, 0, 0, 3e9, -3e9, 0, 0, -1, 0x1p31));
  set_int(y, 1, INT64_MAX);
  set_int(y, 2, INT64_MIN);
  set_int(y, 5, INT64_MAX);
  set_int(y, 6, INT64_MIN);
  becomes(x, y);
  /* Narrower types take the low bits of an int32. */
  becomes(tensor_of(ONNXRUN_DOUBLE, DIMS(6), VALUES(NAN, 300.7, -1.5, 65536 + 7, -32769, 255)),
          tensor_of(ONNXRUN_UINT8, DIMS(6), VALUES(0, 44, 255, 7, 255, 255)));
  becomes(tensor_of(ONNXRUN_FLOAT16, DIMS(4), VALUES(-9, 17, NAN, 3.9)),
          tensor_of(ONNXRUN_UINT4, DIMS(4), VALUES(7, 1, 0, 3)));
  becomes(tensor_of(ONNXRUN_FLOAT, DIMS(5), VALUES(NAN, -0.0, 0.25, -INFINITY, 0x1p-149)),
          tensor_of(ONNXRUN_BOOL, DIMS(5), VALUES(1, 0, 1, 1, 1)));
}

/* Numbers that would be rounded wrongly in two steps. */
void cast_rounds_once(void)
{
  /* Just above halfway between two of the type, by less than a float can tell. */
  becomes(tensor_of(ONNXRUN_DOUBLE, DIMS(2), VALUES(1 + 0x1p-11 + 0x1p-40, -2049.0 - 0x1p-30)),
          tensor_of(ONNXRUN_FLOAT16, DIMS(2), VALUES(1 + 0x1p-10, -2050)));
  becomes(tensor_of(ONNXRUN_DOUBLE, DIMS(2), VALUES(1 + 0x1p-8 - 0x1p-40, 0x1.02p-130 + 0x1p-170)),
          tensor_of(ONNXRUN_BFLOAT16, DIMS(2), VALUES(1, 0x1p-130)));
  onnxrun_tensor *x = tensor_new(ONNXRUN_INT64, DIMS(3));
  set_int(x, 0, (INT64_C(0x101) << 45) + 1); /* halfway of bfloat16 and 1 */
  set_int(x, 1, -(INT64_C(0x101) << 45) - 1);
  set_int(x, 2, (INT64_C(0x1000001) << 30) + 1); /* halfway of float and 1 */
  becomes(x, tensor_of(ONNXRUN_BFLOAT16, DIMS(3), VALUES(0x1.02p53, -0x1.02p53, 0x1p54)));
  becomes(x, tensor_of(ONNXRUN_FLOAT, DIMS(3), VALUES(0x1.01p53, -0x1.01p53, 0x1.000002p54)));
  onnxrun_tensor *u = tensor_new(ONNXRUN_UINT64, DIMS(2));
  set_int(u, 0, -1);
  set_int(u, 1, (int64_t)((UINT64_C(0x101) << 55) + 1));
  becomes(u, tensor_of(ONNXRUN_BFLOAT16, DIMS(2), VALUES(0x1p64, 0x1.02p63)));
  becomes(u, tensor_of(ONNXRUN_DOUBLE, DIMS(2), VALUES(0x1p64, 0x1.01p63)));
}

typedef struct small_row {
  onnxrun_dtype type;
  double overflow[2], infinity[2]; /* with and without saturate */
} small_row;

void cast_saturates(void)
{
  static const small_row rows[] = {
      {ONNXRUN_FLOAT8E4M3FN, {448, NAN}, {448, NAN}},
      {ONNXRUN_FLOAT8E4M3FNUZ, {240, NAN}, {240, NAN}},
      {ONNXRUN_FLOAT8E5M2, {57344, INFINITY}, {57344, INFINITY}},
      {ONNXRUN_FLOAT8E5M2FNUZ, {57344, NAN}, {57344, NAN}},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    for (int64_t saturate = 0; saturate < 2; saturate++) {
      const double over = rows[i].overflow[!saturate], infinite = rows[i].infinity[!saturate];
      trial *t = trial_new("Cast", 19);
      trial_int(t, "to", (int64_t)rows[i].type);
      trial_int(t, "saturate", saturate);
      trial_input(
          t, tensor_of(ONNXRUN_FLOAT, DIMS(6), VALUES(1e6, -1e6, INFINITY, -INFINITY, NAN, 1e-30)));
      trial_expect(
          t, tensor_of(rows[i].type, DIMS(6), VALUES(over, -over, infinite, -infinite, NAN, 0)));
      trial_passes(t);
    }
  }
}

void cast_to_powers(void)
{
  static const char *const modes[] = {"up", "down", "nearest"};
  static const unsigned char codes[2][3][8] = {
      {{0xff, 0xff, 0x00, 0x01, 0x80, 0x80, 0xff, 0xff},
       {0xff, 0xff, 0x00, 0x00, 0x7f, 0x7f, 0xfe, 0xff},
       {0xff, 0xff, 0x00, 0x01, 0x7f, 0x80, 0xff, 0xff}},
      {{0x00, 0x00, 0x00, 0x01, 0x80, 0x80, 0xfe, 0xfe},
       {0x00, 0x00, 0x00, 0x00, 0x7f, 0x7f, 0xfe, 0xfe},
       {0x00, 0x00, 0x00, 0x01, 0x7f, 0x80, 0xfe, 0xfe}},
  };
  for (int64_t saturate = 0; saturate < 2; saturate++) {
    for (size_t mode = 0; mode < 3; mode++) {
      trial *t = trial_new("Cast", 24);
      trial_int(t, "to", ONNXRUN_FLOAT8E8M0);
      trial_int(t, "saturate", saturate);
      trial_string(t, "round_mode", modes[mode]);
      trial_input(
          t, tensor_of(ONNXRUN_FLOAT, DIMS(8),
                       VALUES(0, 0x1p-128, 0x1p-127, 0x1.8p-127, 1.25, 1.5, 0x1.8p127, INFINITY)));
      onnxrun_tensor *y = tensor_new(ONNXRUN_FLOAT8E8M0, DIMS(8));
      memcpy(y->data, codes[saturate][mode], 8);
      trial_expect(t, y);
      trial_passes(t);
    }
  }
}

void cast_to_text(void)
{
  becomes(tensor_of(ONNXRUN_FLOAT, DIMS(14),
                    VALUES(314.15926, 1, -0.0, 0.1, 1e-4, 1e-5, 1e15, 1e16, 123456789, INFINITY,
                           -INFINITY, NAN, 0x1p-149, 3.4028234663852886e38)),
          tensor_texts(DIMS(14), TEXTS("314.15927", "1.0", "-0.0", "0.1", "0.0001", "1e-05",
                                       "1000000000000000.0", "1e+16", "123456790.0", "INF", "-INF",
                                       "NaN", "1e-45", "3.4028235e+38")));
  becomes(tensor_of(ONNXRUN_DOUBLE, DIMS(5),
                    VALUES(0.1, 1.0 / 3, -5e-324, 1.7976931348623157e308, 9007199254740992.0)),
          tensor_texts(DIMS(5), TEXTS("0.1", "0.3333333333333333", "-5e-324",
                                      "1.7976931348623157e+308", "9007199254740992.0")));
  becomes(tensor_of(ONNXRUN_FLOAT16, DIMS(2), VALUES(0.1, 65504)),
          tensor_texts(DIMS(2), TEXTS("0.1", "65500.0")));
  becomes(tensor_of(ONNXRUN_BOOL, DIMS(2), VALUES(0, 1)),
          tensor_texts(DIMS(2), TEXTS("False", "True")));
  becomes(tensor_of(ONNXRUN_INT4, DIMS(3), VALUES(-8, 0, 7)),
          tensor_texts(DIMS(3), TEXTS("-8", "0", "7")));
  onnxrun_tensor *x = tensor_new(ONNXRUN_INT64, DIMS(2));
  set_int(x, 0, INT64_MIN);
  set_int(x, 1, INT64_MAX);
  becomes(x, tensor_texts(DIMS(2), TEXTS("-9223372036854775808", "9223372036854775807")));
  x->dtype = ONNXRUN_UINT64;
  becomes(x, tensor_texts(DIMS(2), TEXTS("9223372036854775808", "9223372036854775807")));
  becomes(tensor_texts(DIMS(2), TEXTS("a", "")), tensor_texts(DIMS(2), TEXTS("a", "")));
  becomes(tensor_new(ONNXRUN_FLOAT, DIMS(0)), tensor_new(ONNXRUN_STRING, DIMS(0)));
}

void cast_from_text(void)
{
  const onnxrun_tensor *x =
      tensor_texts(DIMS(13), TEXTS("3.14", "1000", "1e-5", "1E8", "+INF", "-inf", "nAn", " -.5\n",
                                   "5.", "1e999999999999999999", "-1e-999999999999999999", "0e5",
                                   "0000000000000000000000000000000000000000000001.25"));
  becomes(x, tensor_of(ONNXRUN_FLOAT, DIMS(13),
                       VALUES(3.14, 1000, 1e-5, 1e8, INFINITY, -INFINITY, NAN, -0.5, 5, INFINITY,
                              -0.0, 0, 1.25)));
  becomes(x, tensor_of(ONNXRUN_DOUBLE, DIMS(13),
                       VALUES(3.14, 1000, 1e-5, 1e8, INFINITY, -INFINITY, NAN, -0.5, 5, INFINITY,
                              -0.0, 0, 1.25)));
  becomes(tensor_texts(DIMS(4), TEXTS("100.5", "-7", "1e2", "0.9")),
          tensor_of(ONNXRUN_INT8, DIMS(4), VALUES(100, -7, 100, 0)));
  becomes(tensor_texts(DIMS(3), TEXTS("-8", "7", "0")),
          tensor_of(ONNXRUN_INT4, DIMS(3), VALUES(-8, 7, 0)));
  onnxrun_tensor *y = tensor_new(ONNXRUN_UINT64, DIMS(2));
  set_int(y, 0, -1);
  becomes(tensor_texts(DIMS(2), TEXTS("18446744073709551615", "-0")), y);
  becomes(tensor_texts(DIMS(5), TEXTS("True", "false", "0.0", "2", "NaN")),
          tensor_of(ONNXRUN_BOOL, DIMS(5), VALUES(1, 0, 0, 1, 1)));
  /* Halfway between two doubles and a 1 behind more digits than a double has. */
  char text[1200] = "1.00000000000000011102230246251565404236316680908203125";
  memset(text + strlen(text), '0', 1000);
  text[1100] = '1';
  text[1101] = 0;
  memset(text + 56, '0', 1044);
  becomes(tensor_texts(DIMS(1), TEXTS(text)),
          tensor_of(ONNXRUN_DOUBLE, DIMS(1), VALUES(1 + 0x1p-52)));
}

void cast_refuses(void)
{
  static const struct {
    const char *text;
    int64_t to;
    const char *why;
  } rows[] = {
      {"Hello World!", ONNXRUN_FLOAT, "element 0 is 'Hello World!', expected a number"},
      {"", ONNXRUN_FLOAT, "expected a number"},
      {"1e", ONNXRUN_FLOAT, "expected a number"},
      {".", ONNXRUN_DOUBLE, "expected a number"},
      {"1.2.3", ONNXRUN_INT32, "expected a number"},
      {"0x10", ONNXRUN_INT32, "expected a number"},
      {"- 1", ONNXRUN_INT32, "expected a number"},
      {"yes", ONNXRUN_BOOL, "expected a number"},
      {"128", ONNXRUN_INT8, "does not fit 8 bits, signed"},
      {"-129", ONNXRUN_INT8, "does not fit 8 bits, signed"},
      {"-1", ONNXRUN_UINT64, "does not fit 64 bits, unsigned"},
      {"18446744073709551616", ONNXRUN_UINT64, "does not fit"},
      {"9223372036854775808", ONNXRUN_INT64, "does not fit"},
      {"1e4000000000000000000", ONNXRUN_INT64, "does not fit"},
      {"NaN", ONNXRUN_INT64, "does not fit"},
      {"4", ONNXRUN_UINT2, "does not fit 2 bits"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    trial *t = trial_new("Cast", 25);
    trial_int(t, "to", rows[i].to);
    trial_input(t, tensor_texts(DIMS(1), TEXTS(rows[i].text)));
    trial_fails(t, ONNXRUN_RUN_FAILED, rows[i].why);
  }
  static const int64_t types[] = {0, -1, 14, 15, 27, 48, 49, 64, INT64_MAX, INT64_MIN};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    trial *t = trial_new("Cast", 13);
    trial_int(t, "to", types[i]);
    trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
    trial_fails(t, ONNXRUN_INVALID_MODEL, "expected a numeric type or string");
  }
}

void cast_of_old_opsets(void)
{
  trial *t = trial_new("Cast", 1);
  trial_string(t, "to", "INT32");
  trial_input(t, tensor_of(ONNXRUN_FLOAT, DIMS(2), VALUES(1.5, -2.5)));
  trial_expect(t, tensor_of(ONNXRUN_INT32, DIMS(2), VALUES(1, -2)));
  trial_passes(t);
  trial_string(t, "to", "INT33");
  trial_fails(t, ONNXRUN_INVALID_MODEL, "attribute 'to' is 'INT33'");
}

void castlike_refuses(void)
{
  trial *t = trial_new("CastLike", 15);
  trial_input(t, tensor_texts(DIMS(2), TEXTS("1", "one")));
  trial_input(t, tensor_new(ONNXRUN_UINT4, SCALAR));
  trial_fails(t, ONNXRUN_RUN_FAILED, "element 1 is 'one', expected a number");
  trial_clear(t);
  trial_input(t, tensor_new(ONNXRUN_FLOAT, DIMS(1)));
  trial_input(t, tensor_new(ONNXRUN_COMPLEX64, DIMS(1)));
  trial_fails(t, ONNXRUN_UNSUPPORTED, "input 1 'target_type' is complex64");
}
