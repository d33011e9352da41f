/* halves.c: a map's float loop run on 16-bit elements, by the operators' own conversions. All
 * instruction sets convert to the same bits (ops/kit/half.h), so the machine's best is taken. */
#include "runtime/halves.h"

#include "onx_isas.h"
#include "runtime/cpu.h"
#include "runtime/error.h"

enum { INPUTS_MOST = 3 }; /* of half_map */

/* Of ops/kit/half.h, one for each instruction set. */
typedef void (*load_fn)(float *to, const uint16_t *from, size_t n);
typedef void (*store_fn)(uint16_t *to, const float *from, size_t n);
typedef void (*map_fn)(const onnxrun_job *job, size_t begin, size_t end, onnxrun_loop_fn loop,
                       load_fn load, store_fn store);
#define ONX_X(isa)                                                                                 \
  extern void onx_kit_half_map__##isa(const onnxrun_job *, size_t, size_t, onnxrun_loop_fn,        \
                                      load_fn, store_fn);                                          \
  extern void onx_kit_f16_load_n__##isa(float *, const uint16_t *, size_t);                        \
  extern void onx_kit_f16_store_n__##isa(uint16_t *, const float *, size_t);                       \
  extern void onx_kit_bf16_load_n__##isa(float *, const uint16_t *, size_t);                       \
  extern void onx_kit_bf16_store_n__##isa(uint16_t *, const float *, size_t);
ONX_ISAS(ONX_X)
#undef ONX_X

static const struct kit {
  const char *isa;
  map_fn map;
  load_fn load[2]; /* float16, bfloat16 */
  store_fn store[2];
} kits[] = {
#define ONX_X(isa)                                                                                 \
  {#isa,                                                                                           \
   onx_kit_half_map__##isa,                                                                        \
   {onx_kit_f16_load_n__##isa, onx_kit_bf16_load_n__##isa},                                        \
   {onx_kit_f16_store_n__##isa, onx_kit_bf16_store_n__##isa}},
    ONX_ISAS(ONX_X)
#undef ONX_X
};

/* What stands in the place of the kernel's params. */
typedef struct onx_halves {
  const struct kit *kit;
  size_t type; /* index of load and store */
  onnxrun_loop_fn loop;
  const void *params;
} onx_halves;

static void by_float(const onnxrun_job *job, size_t begin, size_t end)
{
  const onx_halves *h = job->params;
  onnxrun_job inner = *job;
  inner.params = h->params;
  h->kit->map(&inner, begin, end, h->loop, h->kit->load[h->type], h->kit->store[h->type]);
}

static onnxrun_loop_fn float_loop(const onnxrun_kernel *k)
{
  const onnxrun_loop *l = k->loops;
  while (l && l->run && l->dtype != ONNXRUN_FLOAT)
    l++;
  return l ? l->run : NULL;
}

bool onx_halves_fit(const onnxrun_kernel *k)
{
  uint32_t n = 0;
  const char var = k->inputs[0].name ? k->inputs[0].var : 0;
  for (; k->inputs[n].name; n++) {
    if (k->inputs[n].var != var || (k->inputs[n].flags & ONNXRUN_VARIADIC))
      return false;
  }
  return var && n <= INPUTS_MOST && k->outputs[0].var == var && float_loop(k);
}

onnxrun_status onx_halves_by_float(onx_step *step, const onnxrun_node *call, onx_pool *pool,
                                   onnxrun_error *error)
{
  const onnxrun_kernel *k = call->node->kernel;
  const onnxrun_dtype t = call->out[0].dtype;
  if (step->loop || !(k->flags & ONNXRUN_BY_FLOAT) ||
      (t != ONNXRUN_FLOAT16 && t != ONNXRUN_BFLOAT16))
    return ONNXRUN_OK;
  onx_halves *h = onx_pool_take(pool, sizeof *h);
  if (!h)
    return onx_heap_fail(pool->heap, sizeof *h, "a step", error);
  *h = (onx_halves){kits, t == ONNXRUN_BFLOAT16, float_loop(k), step->job.params};
  for (size_t i = 1; i < sizeof kits / sizeof *kits; i++) {
    if (onx_cpu_runs(kits[i].isa))
      h->kit = &kits[i];
  }
  step->loop = by_float;
  step->job.params = h;
  return ONNXRUN_OK;
}
