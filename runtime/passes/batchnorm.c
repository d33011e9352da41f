/* batchnorm.c: Conv, ConvTranspose and Gemm take a BatchNormalization behind them into their
 * weights, when these and its statistics are constant and nothing else reads the product:
 *
 *   y = (w x + b - mean) a + B = (w a) x + (b - mean) a + B,   a = scale / sqrt(var + epsilon)
 *
 * Weights and bias are computed in double and rounded once, so results differ from those of two
 * nodes in their last bits: a product of n terms by some n/2 ulp of the sum of their sizes at most.
 * Float and double; 16-bit weights would lose more than that. Opsets of both as their kernels'. */
#include <math.h>
#include <string.h>

#include "runtime/bind.h"
#include "runtime/error.h"
#include "runtime/passes/passes.h"

/* Which weights belong to which feature: [groups][outer][features][inner], where feature f of group
 * g is feature g * features + f of the result. */
typedef struct onx_weights {
  size_t groups, outer, features, inner;
} onx_weights;

typedef struct onx_norm {
  onx_module *m;
  onx_graph *g;
  onx_node *product, *norm;
  onx_weights w;
  double epsilon;
  double beta; /* what the product's bias is multiplied with */
} onx_norm;

static const onnxrun_tensor *constant_of(const onx_norm *n, const onx_node *node, uint32_t i)
{
  return i < node->n_in && node->in[i] != ONX_NONE ? n->g->values[node->in[i]].constant : NULL;
}

static bool is_op(const onx_node *node, const char *op)
{
  return node->domain.size == 0 && onx_text_equal(node->op, onx_text(op));
}

static int64_t int_attr(const onx_node *node, const char *name, int64_t otherwise)
{
  const onx_attr *a = onx_node_attr(node, name);
  return a && a->type == ONNXRUN_ATTR_INT ? a->v.i : otherwise;
}

static double float_attr(const onx_node *node, const char *name, float otherwise)
{
  const onx_attr *a = onx_node_attr(node, name);
  return (double)(a && a->type == ONNXRUN_ATTR_FLOAT ? a->v.f : otherwise);
}

/* As its kernel decides: by an attribute, or before opset 14 by the outputs that are listed. */
static bool is_inference(const onx_node *norm)
{
  if (norm->n_out != 1 || norm->out[0] == ONX_NONE)
    return false;
  if (norm->opset >= 14)
    return int_attr(norm, "training_mode", 0) == 0;
  if (norm->opset < 9 && int_attr(norm, "spatial", 1) == 0)
    return false;
  return norm->opset >= 7 || int_attr(norm, "is_test", 0) != 0;
}

static size_t product_of(const onnxrun_tensor *t, uint32_t begin, uint32_t end)
{
  size_t n = 1;
  for (uint32_t i = begin; i < end; i++)
    n *= (size_t)t->dims[i];
  return n;
}

static bool find_weights(onx_norm *n, const onnxrun_tensor *w)
{
  const onx_node *p = n->product;
  const int64_t group = int_attr(p, "group", 1);
  n->beta = 1;
  if (w->bytes == 0 || (w->dtype != ONNXRUN_FLOAT && w->dtype != ONNXRUN_DOUBLE))
    return false;
  if (is_op(p, "Gemm")) {
    if (w->rank != 2 || p->opset < 7)
      return false; /* before opset 7 C has Y's shape */
    const bool is_turned = int_attr(p, "transB", 0) != 0;
    n->beta = float_attr(p, "beta", 1);
    n->w = is_turned ? (onx_weights){1, 1, (size_t)w->dims[0], (size_t)w->dims[1]}
                     : (onx_weights){1, (size_t)w->dims[0], (size_t)w->dims[1], 1};
    return n->beta != 0;
  }
  if (w->rank < 3 || group < 1 || w->dims[0] % group != 0)
    return false;
  if (is_op(p, "Conv")) {
    n->w = (onx_weights){1, 1, (size_t)w->dims[0], product_of(w, 1, w->rank)};
    return true;
  }
  n->w = (onx_weights){(size_t)group, (size_t)(w->dims[0] / group), (size_t)w->dims[1],
                       product_of(w, 2, w->rank)};
  return is_op(p, "ConvTranspose");
}

/* A constant with one element for each feature; a Gemm's bias may have a dim of 1 before that. */
static bool is_by_feature(const onx_norm *n, const onnxrun_tensor *t, onnxrun_dtype dtype)
{
  const size_t features = n->w.groups * n->w.features;
  return t && t->dtype == dtype && onnxrun_elements(t) == features && t->rank >= 1 &&
         t->dims[t->rank - 1] == (int64_t)features;
}

/* ---- numbers ---- */

static double load(const onnxrun_tensor *t, size_t i)
{
  double wide;
  float narrow;
  if (t->dtype == ONNXRUN_DOUBLE) {
    memcpy(&wide, (const char *)t->data + i * sizeof wide, sizeof wide);
    return wide;
  }
  memcpy(&narrow, (const char *)t->data + i * sizeof narrow, sizeof narrow);
  return (double)narrow;
}

static void store(const onnxrun_tensor *t, size_t i, double value)
{
  if (t->dtype == ONNXRUN_DOUBLE)
    ((double *)t->data)[i] = value;
  else
    ((float *)t->data)[i] = (float)value;
}

static double factor(const onx_norm *n, size_t feature)
{
  return load(constant_of(n, n->norm, 1), feature) /
         sqrt(load(constant_of(n, n->norm, 4), feature) + n->epsilon);
}

/* Of a variance of -epsilon they are not, and 0 times infinity is another thing. */
static bool has_finite_factors(const onx_norm *n, size_t features)
{
  bool is_finite = true;
  for (size_t f = 0; is_finite && f < features; f++)
    is_finite = isfinite((float)factor(n, f)) != 0;
  return is_finite;
}

static bool can_take(onx_norm *n)
{
  const onnxrun_tensor *w = constant_of(n, n->product, 1);
  if (!w || !is_inference(n->norm) || n->product->n_out != 1 || !find_weights(n, w))
    return false;
  for (uint32_t i = 1; i < 5; i++) {
    if (!is_by_feature(n, constant_of(n, n->norm, i), w->dtype))
      return false;
  }
  n->epsilon = float_attr(n->norm, "epsilon", 1e-5f);
  if (!has_finite_factors(n, n->w.groups * n->w.features))
    return false;
  const bool has_bias = n->product->n_in > 2 && n->product->in[2] != ONX_NONE;
  return !has_bias || is_by_feature(n, constant_of(n, n->product, 2), w->dtype);
}

static void scale_weights(const onx_norm *n, const onnxrun_tensor *from, const onnxrun_tensor *to)
{
  const onx_weights *w = &n->w;
  size_t at = 0;
  for (size_t row = 0; row < w->groups * w->outer; row++) {
    for (size_t f = 0; f < w->features; f++) {
      const double a = factor(n, row / w->outer * w->features + f);
      for (const size_t end = at + w->inner; at < end; at++)
        store(to, at, load(from, at) * a);
    }
  }
}

static void make_bias(const onx_norm *n, const onnxrun_tensor *to)
{
  const onnxrun_tensor *old = constant_of(n, n->product, 2);
  for (size_t f = 0; f < n->w.groups * n->w.features; f++) {
    const double b = old ? load(old, f) * n->beta : 0, mean = load(constant_of(n, n->norm, 3), f);
    const double shift = load(constant_of(n, n->norm, 2), f);
    store(to, f, ((b - mean) * factor(n, f) + shift) / n->beta);
  }
}

/* ---- the graph ---- */

static onnxrun_tensor *new_tensor(onx_module *m, const onnxrun_tensor *like)
{
  onnxrun_tensor *t = onx_pool_take(&m->pool, sizeof *t);
  if (!t)
    return NULL;
  *t = *like;
  t->data = onx_pool_take(&m->pool, t->bytes);
  return t->data ? t : NULL;
}

static uint32_t new_constant(const onx_norm *n, const onnxrun_tensor *t)
{
  const uint32_t v = onx_graph_value(n->m, n->g, onx_text(""));
  if (v != ONX_NONE) {
    n->g->values[v].dtype = t->dtype;
    n->g->values[v].constant = t;
  }
  return v;
}

/* Gives the product constants of its own, for others may read those that it has, and the
 * normalisation's result. false: no memory. */
static bool take_norm(const onx_norm *n)
{
  onx_node *p = n->product;
  const onnxrun_tensor *w = constant_of(n, p, 1);
  const size_t features = n->w.groups * n->w.features;
  const onnxrun_tensor shape = {
      w->dtype, 1, {(int64_t)features}, NULL, features * onnxrun_bits(w->dtype) / 8};
  onnxrun_tensor *weights = new_tensor(n->m, w), *bias = new_tensor(n->m, &shape);
  uint32_t *in = onx_pool_array(&n->m->pool, 3, sizeof *in);
  if (!weights || !bias || !in)
    return false;
  scale_weights(n, w, weights);
  make_bias(n, bias);
  in[0] = p->in[0];
  in[1] = new_constant(n, weights);
  in[2] = new_constant(n, bias);
  p->in = in;
  p->n_in = 3;
  n->g->values[p->out[0]].producer = ONX_NONE;
  p->out[0] = n->norm->out[0];
  n->norm->out[0] = ONX_NONE;
  return in[1] != ONX_NONE && in[2] != ONX_NONE;
}

static void count_captures(const onx_node *node, uint32_t *readers)
{
  for (uint32_t a = 0; a < node->n_attrs; a++) {
    const onx_graph *sub = onx_attr_graph(&node->attrs[a]);
    for (size_t v = 0; sub && v < sub->n_values; v++) {
      if (sub->values[v].capture != ONX_NONE)
        readers[sub->values[v].capture]++;
    }
  }
}

/* How often each value is read: by nodes and by the graphs inside them; an output counts twice, for
 * it keeps its name. */
static uint32_t *count_readers(const onx_graph *g, onx_pool *scrap)
{
  uint32_t *readers = onx_pool_array(scrap, g->n_values, sizeof *readers);
  if (!readers)
    return NULL;
  for (size_t o = 0; o < g->n_outputs; o++)
    readers[g->outputs[o]] += 2;
  for (size_t i = 0; i < g->n_nodes; i++) {
    const onx_node *node = &g->nodes[i];
    for (uint32_t j = 0; j < node->n_in; j++) {
      if (node->in[j] != ONX_NONE)
        readers[node->in[j]]++;
    }
    count_captures(node, readers);
  }
  return readers;
}

/* Which nodes are read by one normalisation, and take it. */
static onnxrun_status take_norms(onx_module *m, bool *is_alive, bool *is_changed,
                                 const uint32_t *readers, onnxrun_error *error)
{
  onx_norm n = {.m = m, .g = m->main};
  for (size_t i = 0; i < n.g->n_nodes; i++) {
    is_alive[i] = true;
    n.norm = &n.g->nodes[i];
    if (!is_op(n.norm, "BatchNormalization") || n.norm->n_in != 5 || n.norm->in[0] == ONX_NONE)
      continue;
    const uint32_t x = n.norm->in[0], maker = n.g->values[x].producer;
    if (maker == ONX_NONE || readers[x] != 1)
      continue;
    n.product = &n.g->nodes[maker];
    if (!can_take(&n))
      continue;
    if (!take_norm(&n))
      return onx_heap_fail(m->pool.heap, sizeof(onx_value), "normalised weights", error);
    is_alive[i] = false;
    is_changed[maker] = true;
  }
  return ONNXRUN_OK;
}

onnxrun_status onx_pass_batchnorm(onx_module *m, onnxrun_error *error)
{
  onx_graph *g = m->main;
  onx_pool scrap = {.heap = m->pool.heap};
  const uint32_t *readers = count_readers(g, &scrap);
  bool *is_alive = onx_pool_array(&scrap, g->n_nodes, sizeof *is_alive);
  bool *is_changed = onx_pool_array(&scrap, g->n_nodes, sizeof *is_changed);
  onnxrun_status s;
  if (!readers || !is_alive || !is_changed)
    s = onx_heap_fail(m->pool.heap, g->n_values, "batch normalisation", error);
  else
    s = take_norms(m, is_alive, is_changed, readers, error);
  if (s == ONNXRUN_OK)
    s = onx_bind_again(m, is_changed, error);
  if (s == ONNXRUN_OK)
    onx_graph_keep(m, g, is_alive);
  onx_pool_release(&scrap);
  return s;
}
