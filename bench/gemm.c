/* gemm.c: speed of the operators that the large networks spend their time in: products,
 * convolutions, pools, normalisation, one node at a time, through the public interface.
 *
 *   bench_gemm [ISA] [THREADS] [NAME]
 *
 * ISA: base, avx2, avx512 (the best); THREADS: 1; NAME: only the rows whose name has it. A row says
 * median, least and largest time of a run in microseconds over batches of runs, and GFLOP/s (two
 * operations for each product, one for each element of a pool's windows) of the median. W: the
 * right operand or weights are constant. With one thread the time is the process's, so that other
 * work on the machine counts less. With NAME and a file after it the first such row's model
 * is written there, for a comparison with another program. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "onnx.pb-c.h"
#include "onnxrun/onnxrun.h"

#define BATCHES 21
#define BATCH_SECONDS 0.03

typedef struct row {
  const char *name, *op;
  int dtype; /* ONNX's number */
  int n_in;
  int64_t dims[5][5]; /* ended by 0 */
  int first_constant; /* inputs from here are */
  int64_t kernel, stride, pad, group;
  double operations; /* a run's, in millions */
} row;

#define CONV(name, c, m, size, k, s, g)                                                            \
  {                                                                                                \
    name, "Conv", 1, 3, {{1, c, size, size}, {m, (c) / (g), k, k}, {m}}, 1, k, s, (k) / 2, g,      \
        2e-6 * (m) * (c) / (g) * (k) * (k) * ((size) / (s)) * ((size) / (s))                       \
  }
#define GEMM(name, type, m, k, n, w)                                                               \
  {                                                                                                \
    name, "MatMul", type, 2, {{m, k}, {k, n}}, w, 0, 0, 0, 0, 2e-6 * (m) * (k) * (n)               \
  }
#define POOL(name, op, type, c, size, k, s, p)                                                     \
  {                                                                                                \
    name, op, type, 1, {{1, c, size, size}}, 1, k, s, p, 0,                                        \
        1e-6 * (c) * (k) * (k) * ((size) / (s)) * ((size) / (s))                                   \
  }

static const row rows[] = {
    GEMM("matmul 512x512x512 W", 1, 512, 512, 512, 1),
    GEMM("matmul 512x512x512", 1, 512, 512, 512, 2),
    GEMM("matmul 512x512x512 f64", 11, 512, 512, 512, 2),
    GEMM("matmul 512x512x512 f16 W", 10, 512, 512, 512, 1),
    GEMM("matmul 128x768x768 W", 1, 128, 768, 768, 1),
    GEMM("matmul 1x1024x1024 W", 1, 1, 1024, 1024, 1),
    GEMM("matmul 1x1024x1024", 1, 1, 1024, 1024, 2),
    GEMM("matmul 1024x1024x1", 1, 1024, 1024, 1, 2),
    GEMM("matmul 8x256x256 W", 1, 8, 256, 256, 1),
    GEMM("matmul 4x4x4", 1, 4, 4, 4, 2),
    {"matmul 12 heads 128x64x128",
     "MatMul",
     1,
     2,
     {{12, 128, 64}, {12, 64, 128}},
     2,
     0,
     0,
     0,
     0,
     2e-6 * 12 * 128 * 64 * 128},
    CONV("conv 3x3 64-64 56x56 W", 64, 64, 56, 3, 1, 1),
    CONV("conv 3x3 128-128 28x28 W", 128, 128, 28, 3, 1, 1),
    CONV("conv 3x3 256-256 14x14 W", 256, 256, 14, 3, 1, 1),
    CONV("conv 3x3 512-512 7x7 W", 512, 512, 7, 3, 1, 1),
    CONV("conv 7x7s2 3-64 224x224 W", 3, 64, 224, 7, 2, 1),
    CONV("conv 3x3s2 3-32 224x224 W", 3, 32, 224, 3, 2, 1),
    CONV("conv 1x1 256-64 56x56 W", 256, 64, 56, 1, 1, 1),
    CONV("conv 1x1 64-256 56x56 W", 64, 256, 56, 1, 1, 1),
    CONV("conv 1x1 1024-256 14x14 W", 1024, 256, 14, 1, 1, 1),
    CONV("conv 1x1s2 256-512 56x56 W", 256, 512, 56, 1, 2, 1),
    CONV("conv 1x1 16-96 112x112 W", 16, 96, 112, 1, 1, 1),
    CONV("depthwise 3x3 96 56x56 W", 96, 96, 56, 3, 1, 96),
    CONV("depthwise 3x3s2 96 112x112 W", 96, 96, 112, 3, 2, 96),
    CONV("depthwise 3x3 576 14x14 W", 576, 576, 14, 3, 1, 576),
    CONV("depthwise 5x5 960 7x7 W", 960, 960, 7, 5, 1, 960),
    CONV("grouped 3x3 32x4 56x56 W", 128, 128, 56, 3, 1, 32),
    POOL("maxpool 3x3s2 64 112x112", "MaxPool", 1, 64, 112, 3, 2, 1),
    POOL("maxpool 2x2s2 64 112x112", "MaxPool", 1, 64, 112, 2, 2, 0),
    POOL("maxpool 3x3 64 28x28 u8", "MaxPool", 2, 64, 28, 3, 1, 1),
    POOL("averagepool 3x3 64 28x28", "AveragePool", 1, 64, 28, 3, 1, 1),
    POOL("globalaveragepool 1280 7x7", "GlobalAveragePool", 1, 1280, 7, 0, 1, 0),
    {"batchnorm 64 56x56",
     "BatchNormalization",
     1,
     5,
     {{1, 64, 56, 56}, {64}, {64}, {64}, {64}},
     1,
     0,
     0,
     0,
     0,
     2e-6 * 64 * 56 * 56},
};

static clockid_t the_clock = CLOCK_PROCESS_CPUTIME_ID;

static double now(void)
{
  struct timespec t;
  clock_gettime(the_clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(onnxrun_status s, const onnxrun_error *error)
{
  if (s == ONNXRUN_OK)
    return;
  fprintf(stderr, "bench_gemm: %s\n", error->text);
  exit(1);
}

static void *take(size_t bytes)
{
  void *p = calloc(1, bytes + 64);
  if (!p)
    exit(1);
  return p;
}

/* A name where the format's library wants memory of one's own. */
static char *named(const char *text)
{
  return strcpy(take(strlen(text) + 1), text);
}

static size_t rank_of(const int64_t *dims)
{
  size_t n = 0;
  while (n < 5 && dims[n] > 0)
    n++;
  return n;
}

/* Small numbers of any type: 0x3c3c is 1.06 in float16 and 0.0115 in float. */
static size_t fill(const row *r, int i, void **data)
{
  size_t n = onnxrun_dtype_bits((onnxrun_dtype)r->dtype) / 8;
  for (size_t d = 0; d < rank_of(r->dims[i]); d++)
    n *= (size_t)r->dims[i][d];
  *data = aligned_alloc(64, (n + 64) / 64 * 64);
  if (!*data)
    exit(1);
  memset(*data, 0x3c, n);
  return n;
}

static Onnx__ValueInfoProto *value_info(const row *r, char *name, const int64_t *dims, size_t rank)
{
  Onnx__ValueInfoProto *info = take(sizeof *info);
  Onnx__TypeProto *type = take(sizeof *type);
  Onnx__TypeProto__Tensor *tensor = take(sizeof *tensor);
  Onnx__TensorShapeProto *shape = take(sizeof *shape);
  onnx__value_info_proto__init(info);
  onnx__type_proto__init(type);
  onnx__type_proto__tensor__init(tensor);
  onnx__tensor_shape_proto__init(shape);
  shape->n_dim = rank;
  shape->dim = take(rank * sizeof *shape->dim);
  for (size_t d = 0; d < rank; d++) {
    shape->dim[d] = take(sizeof **shape->dim);
    onnx__tensor_shape_proto__dimension__init(shape->dim[d]);
    shape->dim[d]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    shape->dim[d]->dim_value = dims[d];
  }
  tensor->has_elem_type = 1;
  tensor->elem_type = r->dtype;
  tensor->shape = dims ? shape : NULL;
  type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
  type->tensor_type = tensor;
  info->name = name;
  info->type = type;
  return info;
}

static Onnx__TensorProto *initializer(const row *r, int i, char *name)
{
  Onnx__TensorProto *t = take(sizeof *t);
  void *data;
  onnx__tensor_proto__init(t);
  t->name = name;
  t->n_dims = rank_of(r->dims[i]);
  t->dims = take(t->n_dims * sizeof *t->dims);
  memcpy(t->dims, r->dims[i], t->n_dims * sizeof *t->dims);
  t->has_data_type = t->has_raw_data = 1;
  t->data_type = r->dtype;
  t->raw_data.len = fill(r, i, &data);
  t->raw_data.data = data;
  return t;
}

static Onnx__AttributeProto *attribute(char *name, size_t n, int64_t value)
{
  Onnx__AttributeProto *a = take(sizeof *a);
  onnx__attribute_proto__init(a);
  a->name = name;
  a->has_type = 1;
  if (n == 0) {
    a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    a->has_i = 1;
    a->i = value;
    return a;
  }
  a->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
  a->n_ints = n;
  a->ints = take(n * sizeof *a->ints);
  for (size_t i = 0; i < n; i++)
    a->ints[i] = value;
  return a;
}

static Onnx__NodeProto *node_of(const row *r, char **names)
{
  Onnx__NodeProto *node = take(sizeof *node);
  onnx__node_proto__init(node);
  node->op_type = named(r->op);
  node->n_input = (size_t)r->n_in;
  node->input = names;
  node->n_output = 1;
  node->output = take(sizeof *node->output);
  node->output[0] = named("y");
  node->attribute = take(4 * sizeof *node->attribute);
  if (r->kernel > 0) {
    node->attribute[node->n_attribute++] = attribute(named("kernel_shape"), 2, r->kernel);
    node->attribute[node->n_attribute++] = attribute(named("strides"), 2, r->stride);
    node->attribute[node->n_attribute++] = attribute(named("pads"), 4, r->pad);
  }
  if (r->group > 1)
    node->attribute[node->n_attribute++] = attribute(named("group"), 0, r->group);
  return node;
}

/* A model of the row's node; what it is made of is small and lives to the end. */
static size_t model_of(const row *r, uint8_t **bytes)
{
  char *names[5];
  Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
  Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
  Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT, *opsets[] = {&opset};
  Onnx__TensorProto *constants[5];
  Onnx__ValueInfoProto *inputs[5], *output = value_info(r, named("y"), NULL, 0);
  for (int i = 0; i < 5; i++)
    names[i] = named((char[2]){(char)('a' + i)});
  Onnx__NodeProto *node = node_of(r, names);
  graph.name = named("row");
  graph.n_node = graph.n_output = 1;
  graph.node = &node;
  graph.output = &output;
  graph.input = inputs;
  graph.initializer = constants;
  for (int i = 0; i < r->n_in; i++) {
    if (i < r->first_constant)
      inputs[graph.n_input++] = value_info(r, names[i], r->dims[i], rank_of(r->dims[i]));
    else
      constants[graph.n_initializer++] = initializer(r, i, names[i]);
  }
  opset.has_version = model.has_ir_version = 1;
  opset.version = 15;
  model.ir_version = 8;
  model.n_opset_import = 1;
  model.opset_import = opsets;
  model.graph = &graph;
  *bytes = take(onnx__model_proto__get_packed_size(&model));
  return onnx__model_proto__pack(&model, *bytes);
}

static int by_size(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void time_row(const row *r, onnxrun_session *s)
{
  onnxrun_tensor in[5] = {{0}}, out = {0};
  onnxrun_error error;
  double times[BATCHES];
  size_t runs = 1;
  for (int i = 0; i < r->first_constant; i++) {
    in[i].dtype = (onnxrun_dtype)r->dtype;
    in[i].rank = (uint32_t)rank_of(r->dims[i]);
    memcpy(in[i].dims, r->dims[i], in[i].rank * sizeof *in[i].dims);
    in[i].bytes = fill(r, i, &in[i].data);
  }
  for (int b = -1; b < BATCHES; b++) {
    const double start = now();
    double passed = 0;
    size_t n = 0;
    for (; b < 0 ? passed < BATCH_SECONDS : n < runs; n++) {
      out.data = NULL;
      check(onnxrun_session_run(s, in, (size_t)r->first_constant, &out, 1, &error), &error);
      passed = now() - start;
    }
    runs = n;
    if (b >= 0)
      times[b] = passed / (double)n * 1e6;
  }
  qsort(times, BATCHES, sizeof *times, by_size);
  printf("%-30s %9.1f %9.1f %9.1f us %8.2f GFLOP/s\n", r->name, times[BATCHES / 2], times[0],
         times[BATCHES - 1], 1e3 * r->operations / times[BATCHES / 2]);
  for (int i = 0; i < r->first_constant; i++)
    free(in[i].data);
}

static void bench_row(const row *r, const onnxrun_options *o)
{
  uint8_t *bytes;
  onnxrun_error error;
  onnxrun_model *m = NULL;
  onnxrun_session *s = NULL;
  const size_t size = model_of(r, &bytes);
  if (onnxrun_model_load(bytes, size, o, &m, &error) == ONNXRUN_OK) {
    check(onnxrun_session_create(m, o, &s, &error), &error);
    time_row(r, s);
  } else {
    printf("%-30s %s\n", r->name, error.text);
  }
  onnxrun_session_release(s);
  onnxrun_model_release(m);
  free(bytes);
}

static int write_model(const row *r, const char *path)
{
  uint8_t *bytes;
  const size_t size = model_of(r, &bytes);
  FILE *f = fopen(path, "wb");
  const int is_written = f && fwrite(bytes, 1, size, f) == size;
  if (f)
    fclose(f);
  free(bytes);
  return is_written ? 0 : 1;
}

int main(int argc, char **argv)
{
  onnxrun_options o = ONNXRUN_OPTIONS_INIT;
  o.isa = argc > 1 ? argv[1] : NULL;
  o.threads = argc > 2 ? atoi(argv[2]) : 1;
  if (o.threads != 1)
    the_clock = CLOCK_MONOTONIC;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (argc > 3 && !strstr(rows[i].name, argv[3]))
      continue;
    if (argc > 4)
      return write_model(&rows[i], argv[4]);
    bench_row(&rows[i], &o);
  }
  return 0;
}
