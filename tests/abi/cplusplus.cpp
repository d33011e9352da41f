/* cplusplus.cpp: a plug-in in C++: the functions that the host calls let no exception out. */
#include <algorithm>
#include <exception>
#include <vector>

#include "onnxrun/kernel.h"

namespace
{

/* Sorted copies of rows of floats, by a vector that the host keeps for the plan. */
struct sorted {
  std::vector<float> *rows;
  size_t length;
};

void release_rows(void *rows)
{
  delete static_cast<std::vector<float> *>(rows);
}

onnxrun_status sorted_shape(const onnxrun_host *h, onnxrun_node *n, void *params)
try {
  sorted *p = static_cast<sorted *>(params);
  const onnxrun_tensor *x = h->input(n, 0);
  if (x->rank == 0)
    return h->fail(n, ONNXRUN_INVALID_INPUT, "input 'X' has rank 0, expected 1 or more");
  p->length = static_cast<size_t>(x->dims[x->rank - 1]);
  p->rows = new std::vector<float>(onnxrun_elements(x));
  onnxrun_status s = h->own(n, p->rows, release_rows);
  if (s == ONNXRUN_OK)
    s = h->output(n, 0, x->rank, x->dims);
  onnxrun_work work = ONNXRUN_WORK_INIT;
  work.items = p->length > 0 ? onnxrun_elements(x) / p->length : 0;
  work.item_cost = 30.0 * static_cast<double>(p->length);
  return s == ONNXRUN_OK ? h->plan(n, &work) : s;
} catch (const std::exception &e) {
  return h->fail(n, ONNXRUN_NO_MEMORY, "%s", e.what());
}

void sorted_float(const onnxrun_job *job, size_t begin, size_t end) noexcept
{
  const sorted *p = static_cast<const sorted *>(job->params);
  const float *x = static_cast<const float *>(job->in[0]);
  float *y = static_cast<float *>(job->out[0]);
  for (size_t row = begin; row < end; row++) {
    float *at = p->rows->data() + row * p->length;
    std::copy_n(x + row * p->length, p->length, at);
    std::sort(at, at + p->length);
    std::copy_n(at, p->length, y + row * p->length);
  }
}

const onnxrun_operand in[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {}};
const onnxrun_operand out[] = {{"Y", ONNXRUN_TYPE(FLOAT), 'T', 0}, {}};
const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, sorted_float}, {}};

onnxrun_kernel make()
{
  onnxrun_kernel k = {};
  k.size = sizeof k;
  k.domain = "example";
  k.op = "Sorted";
  k.since = 1;
  k.inputs = in;
  k.outputs = out;
  k.params_size = sizeof(sorted);
  k.shape = sorted_shape;
  k.loops = loops;
  return k;
}
const onnxrun_kernel kernel = make();

} // namespace

ONNXRUN_PLUGIN("sorted", "1", &kernel)
