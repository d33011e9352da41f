/* compare.c: a result against the expected one. */
#include "compare.h"

#include "element.h"
#include "number.h"
#include "print.h"
#include "text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_DEPTH = 64 };

static void set_why(char *why, size_t why_size, const struct text *t)
{
  snprintf(why, why_size, "%.*s", (int)t->size, t->data ? t->data : "");
}

static bool reals_agree(double expected, double found, const struct tolerance *tolerance)
{
  if (isnan(expected) || isnan(found))
    return isnan(expected) && isnan(found);
  if (isinf(expected) || isinf(found))
    return expected == found;
  return fabs(found - expected) <= tolerance->absolute + tolerance->relative * fabs(expected);
}

/* As numpy: the distance in the plane when all four parts are finite. */
static bool complex_agree(const double e[2], const double f[2], const struct tolerance *tolerance)
{
  if (!isfinite(e[0]) || !isfinite(e[1]) || !isfinite(f[0]) || !isfinite(f[1]))
    return reals_agree(e[0], f[0], tolerance) && reals_agree(e[1], f[1], tolerance);
  const double limit = tolerance->absolute + tolerance->relative * hypot(e[0], e[1]);
  return hypot(f[0] - e[0], f[1] - e[1]) <= limit;
}

static bool strings_agree(const onnxrun_string *a, const onnxrun_string *b)
{
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool elements_agree(const onnxrun_tensor *expected, const onnxrun_tensor *found, size_t i,
                           const struct tolerance *tolerance)
{
  double e[2], f[2];
  switch (element_class(expected->dtype)) {
  case ELEMENT_REAL:
    return reals_agree(element_real(expected, i), element_real(found, i), tolerance);
  case ELEMENT_COMPLEX:
    element_complex(expected, i, e);
    element_complex(found, i, f);
    return complex_agree(e, f, tolerance);
  case ELEMENT_STRING:
    return strings_agree(element_string(expected, i), element_string(found, i));
  default:
    return element_unsigned(expected, i) == element_unsigned(found, i);
  }
}

static void append_index(struct text *t, const onnxrun_tensor *shape, size_t i)
{
  size_t step = 1;
  for (uint32_t d = 0; d < shape->rank; d++)
    step *= (size_t)shape->dims[d];
  text_append(t, "[", 1);
  for (uint32_t d = 0; d < shape->rank; d++) {
    step /= (size_t)shape->dims[d];
    text_format(t, d ? ",%zu" : "%zu", i / step);
    i %= step;
  }
  text_append(t, "]", 1);
}

struct difference {
  size_t count, wrong, first; /* elements, those that differ, the first of them */
};

static void tell_difference(const struct difference *d, const onnxrun_tensor *expected,
                            const onnxrun_tensor *found, char *why, size_t why_size)
{
  struct text t = {0};
  text_format(&t, "%zu of %zu elements differ, the first at ", d->wrong, d->count);
  append_index(&t, expected, d->first);
  text_format(&t, ": expected ");
  text_append_element(&t, expected, d->first);
  text_format(&t, ", found ");
  text_append_element(&t, found, d->first);
  set_why(why, why_size, &t);
  text_release(&t);
}

static bool compare_elements(const onnxrun_tensor *expected, const onnxrun_tensor *found,
                             const struct tolerance *tolerance, char *why, size_t why_size)
{
  struct difference d = {0};
  if (!element_count(expected, &d.count) || element_class(expected->dtype) == ELEMENT_NONE) {
    snprintf(why, why_size, "such a tensor cannot be compared");
    return false;
  }
  for (size_t i = 0; i < d.count && !tolerance->shapes_only; i++) {
    if (elements_agree(expected, found, i, tolerance))
      continue;
    d.first = d.wrong == 0 ? i : d.first;
    d.wrong++;
  }
  if (d.wrong > 0)
    tell_difference(&d, expected, found, why, why_size);
  return d.wrong == 0;
}

static bool same_type(const onnxrun_tensor *expected, const onnxrun_tensor *found, char *why,
                      size_t why_size)
{
  bool same = expected->dtype == found->dtype && expected->rank == found->rank;
  for (uint32_t d = 0; same && d < expected->rank; d++)
    same = expected->dims[d] == found->dims[d];
  if (same)
    return true;
  struct text t = {0};
  text_format(&t, "expected ");
  text_append_type(&t, expected, NULL);
  text_format(&t, ", found ");
  text_append_type(&t, found, NULL);
  set_why(why, why_size, &t);
  text_release(&t);
  return false;
}

static bool compare_at(const onnxrun_tensor *expected, const onnxrun_tensor *found,
                       const struct tolerance *tolerance, int depth, char *why, size_t why_size);

static bool compare_lists(const onnxrun_list *expected, const onnxrun_list *found,
                          const struct tolerance *tolerance, int depth, char *why, size_t why_size)
{
  if (expected->size != found->size) {
    snprintf(why, why_size, "expected %zu items, found %zu", expected->size, found->size);
    return false;
  }
  for (size_t i = 0; i < expected->size; i++) {
    char inner[512];
    if (compare_at(&expected->items[i], &found->items[i], tolerance, depth + 1, inner,
                   sizeof inner))
      continue;
    snprintf(why, why_size, "item %zu: %s", i, inner);
    return false;
  }
  return true;
}

static bool compare_at(const onnxrun_tensor *expected, const onnxrun_tensor *found,
                       const struct tolerance *tolerance, int depth, char *why, size_t why_size)
{
  if (!same_type(expected, found, why, why_size))
    return false;
  if (element_class(expected->dtype) != ELEMENT_LIST)
    return compare_elements(expected, found, tolerance, why, why_size);
  if (depth == MAX_DEPTH || !expected->data || !found->data) {
    snprintf(why, why_size, "such a list cannot be compared");
    return false;
  }
  return compare_lists(element_list(expected), element_list(found), tolerance, depth, why,
                       why_size);
}

bool compare_values(const onnxrun_tensor *expected, const onnxrun_tensor *found,
                    const struct tolerance *tolerance, char *why, size_t why_size)
{
  return compare_at(expected, found, tolerance, 0, why, why_size);
}
