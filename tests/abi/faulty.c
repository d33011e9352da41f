/* faulty.c: plug-ins that must be refused, one for each FAULT; without it, one that is well. Its
 * operator is test.Twice, y = 2 x. */
#include "onnxrun/kernel.h"

#ifndef FAULT
#define FAULT 0
#endif
enum { NEWER = 1, NO_ABI, REFUSES, NO_KERNELS, SHORT_STRUCT, FAULTY_KERNEL, NO_SYMBOL, UNRESOLVED };

static void twice_f32(const onnxrun_job *job, size_t begin, size_t end)
{
  const float *x = job->in[0];
  float *y = job->out[0];
  for (size_t i = begin; i < end; i++)
    y[i] = 2 * x[i];
}

static const onnxrun_operand operands[] = {{"X", ONNXRUN_TYPE(FLOAT), 'T', 0}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, twice_f32}, {0}};
#define TWICE(opset, its_loops)                                                                    \
  {                                                                                                \
    .size = sizeof(onnxrun_kernel), .domain = "test", .op = "Twice", .since = (opset),             \
    .flags = ONNXRUN_MAP, .inputs = operands, .outputs = operands, .loops = (its_loops)            \
  }
static const onnxrun_kernel twice = TWICE(1, loops);
static const onnxrun_kernel faulty = TWICE(1, NULL);

#if FAULT == 8
extern int onnxrun_no_library_has_this;
#define NAME (onnxrun_no_library_has_this ? "faulty" : "")
#else
#define NAME "faulty"
#endif

#if FAULT == 7
#define onnxrun_plugin_query onnxrun_some_other_name
const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi);
#endif

const onnxrun_plugin *onnxrun_plugin_query(uint32_t host_abi)
{
  static const onnxrun_kernel *const one[] = {&twice, NULL}, *const none[] = {NULL};
  static const onnxrun_kernel *const two[] = {&twice, &faulty, NULL};
  static onnxrun_plugin p;
  p = (onnxrun_plugin){sizeof p, host_abi, NAME, "1", one};
  switch (FAULT) {
  case NEWER:
    p.abi = host_abi + 6;
    break;
  case NO_ABI:
    p.abi = 0;
    break;
  case REFUSES:
    return NULL;
  case NO_KERNELS:
    p.kernels = none;
    break;
  case SHORT_STRUCT:
    p.size = offsetof(onnxrun_plugin, kernels);
    break;
  case FAULTY_KERNEL:
    p.kernels = two;
    break;
  }
  return &p;
}
