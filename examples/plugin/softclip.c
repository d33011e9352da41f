/* softclip.c: an activation of one's own. example.SoftClip: y = x / (1 + |x| / limit), which is x
 * near 0 and never beyond the limit; attribute limit, 1 by default. Of float, float16 and bfloat16.
 *
 *   cc -shared -fPIC -O3 -fno-math-errno -ffp-contract=off softclip.c -o softclip.so -lm */
#include <math.h>

#include <onnxrun/kernel.h>

struct softclip {
  float limit;
};

static void softclip_float(const onnxrun_job *job, size_t begin, size_t end)
{
  const struct softclip *p = job->params;
  const float *x = job->in[0], limit = p->limit;
  float *y = job->out[0];
  for (size_t i = begin; i < end; i++)
    y[i] = x[i] / (1 + fabsf(x[i]) / limit);
}

#define TYPES (ONNXRUN_TYPE(FLOAT) | ONNXRUN_TYPE(FLOAT16) | ONNXRUN_TYPE(BFLOAT16))
static const onnxrun_operand in[] = {{"X", TYPES, 'T', 0}, {0}},
                             out[] = {{"Y", TYPES, 'T', 0}, {0}};
static const onnxrun_attr attrs[] = {
    {"limit", ONNXRUN_ATTR_FLOAT, 0, offsetof(struct softclip, limit), 1, NULL}, {0}};
static const onnxrun_loop loops[] = {{ONNXRUN_FLOAT, softclip_float}, {0}};

static const onnxrun_kernel softclip = {.size = sizeof(onnxrun_kernel),
                                        .domain = "example",
                                        .op = "SoftClip",
                                        .since = 1,
                                        .flags = ONNXRUN_MAP | ONNXRUN_BY_FLOAT,
                                        .inputs = in,
                                        .outputs = out,
                                        .attrs = attrs,
                                        .params_size = sizeof(struct softclip),
                                        .loops = loops};

ONNXRUN_PLUGIN("softclip", "1.0", &softclip)
