/* median.c: an operator with an input that its shape depends on, an attribute, and scratch.
 * example.Median(X, size): the median of each `size` neighbours along the last dim, size odd.
 * Attribute edge: "repeat" takes the first and last element for what lies outside: the result is
 * as long as X; "valid" gives the medians of whole windows alone, size - 1 less. Of float. NaN is
 * the largest.
 *
 *   cc -shared -fPIC -O3 median.c -o median.so */
#include <string.h>

#include <onnxrun/kernel.h>

enum { REPEAT, VALID };

/* edge is the attribute; the lengths of the window, of a row of X and of one of the result are
 * shape()'s. */
struct median {
  int64_t edge;
  size_t size, length, wanted;
};

/* Called when the shape of X and the data of size are known: before the run where size is constant.
 * It says the output's shape, and what work there is: rows, each of which needs a sorted window. */
static onnxrun_status median_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
{
  struct median *p = params;
  const onnxrun_tensor *x = h->input(n, 0), *size = h->input(n, 1);
  if (x->rank == 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank 0, expected 1 or more");
  if (size->rank != 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'size' has rank %u, expected 0", size->rank);
  const int64_t length = x->dims[x->rank - 1];
  int64_t window, dims[ONNXRUN_MAX_RANK];
  memcpy(&window, size->data, sizeof window);
  const int64_t most = p->edge == VALID ? length : 9999;
  if (window < 1 || window % 2 == 0 || window > most)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'size' is %lld, expected 1, 3 ... up to %lld",
                   (long long)window, (long long)most);
  memcpy(dims, x->dims, sizeof dims);
  dims[x->rank - 1] = p->edge == VALID ? length - window + 1 : length;
  p->size = (size_t)window;
  p->length = (size_t)length;
  p->wanted = (size_t)dims[x->rank - 1];
  const onnxrun_status s = h->output(n, 0, x->rank, dims);
  if (s != ONNXRUN_OK)
    return s;
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = length > 0 ? onnxrun_elements(x) / p->length : 0;
  work.item_cost = (double)p->wanted * (20.0 + (double)p->size);
  work.scratch = p->size * sizeof(float);
  return h->plan(n, &work);
}

static int is_before(float a, float b)
{
  return a < b || (b != b && a == a);
}

/* Takes `old` out of the sorted window and puts `new` in, moving those between by one. */
static void replace(float *window, size_t size, float old, float new)
{
  size_t at = 0;
  while (at + 1 < size && is_before(window[at], old))
    at++;
  for (; at + 1 < size && is_before(window[at + 1], new); at++)
    window[at] = window[at + 1];
  for (; at > 0 && is_before(new, window[at - 1]); at--)
    window[at] = window[at - 1];
  window[at] = new;
}

/* Element i of the row, that of its end when it lies outside. */
static float element(const float *x, size_t length, ptrdiff_t i)
{
  return i < 0 ? x[0] : (size_t)i < length ? x[i] : x[length - 1];
}

static void median_row(const struct median *p, const float *x, float *y, float *window)
{
  const ptrdiff_t size = (ptrdiff_t)p->size, first = p->edge == VALID ? 0 : -(size / 2);
  for (ptrdiff_t i = 0; i < size; i++)
    window[i] = element(x, p->length, first);
  for (ptrdiff_t i = 0; i < size; i++)
    replace(window, p->size, element(x, p->length, first), element(x, p->length, first + i));
  for (size_t i = 0; i < p->wanted; i++) {
    const ptrdiff_t from = first + (ptrdiff_t)i;
    if (i > 0)
      replace(window, p->size, element(x, p->length, from - 1),
              element(x, p->length, from + size - 1));
    y[i] = window[p->size / 2];
  }
}

/* Rows [begin, end), on one of several threads; scratch is this thread's. */
static void median_float(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct median *p = job->params;
  for (size_t row = begin; row < end; row++)
    median_row(p, (const float *)job->in[0] + row * p->length,
               (float *)job->out[0] + row * p->wanted, job->scratch);
}

static const onnxrun_operand in[] = {
    {"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {"size", ONNXRUN_TYPE(INT64), 0, ONNXRUN_VALUE}, {0}};
static const onnxrun_operand out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_attr attrs[] = {
    {"edge", ONNXRUN_ATTR_ENUM, 0, offsetof(struct median, edge), REPEAT, "repeat|valid"}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, median_float}, {0}};

static const onnxrun_kernel median = {.size = sizeof(onnxrun_kernel),
                                      .domain = "example",
                                      .op = "Median",
                                      .since = 1,
                                      .inputs = in,
                                      .outputs = out,
                                      .attrs = attrs,
                                      .params_size = sizeof(struct median),
                                      .shape = median_shape,
                                      .loops = loops};

ONNXRUN_PLUGIN("median", "1.0", &median)
