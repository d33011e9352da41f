/* wire.c: fields of protobuf's wire format, one after the other. The format is described at
 * protobuf.dev, "Encoding". */
#include "proto/wire.h"

#include <stdio.h>
#include <string.h>

#include "runtime/error.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "raw data is used where it lies, in the file's byte order, which is little-endian"
#endif

enum { VARINT = 0, FIXED64 = 1, SPAN = 2, FIXED32 = 5 };

#define VARINT_MOST 10 /* bytes of the longest varint */
#define NUMBER_MOST ((UINT64_C(1) << 29) - 1)

onnxrun_status onx_damaged(onx_reader *r, const uint8_t *at, const char *format, ...)
{
  if (!r->error)
    return ONNXRUN_INVALID_MODEL;
  char text[sizeof r->error->text];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return onx_fail(r->error, ONNXRUN_INVALID_MODEL, "byte %zu: %s", (size_t)(at - r->file), text);
}

onnxrun_status onx_reader_full(onx_reader *r, size_t bytes, const char *what)
{
  return onx_heap_fail(r->pool->heap, bytes, what, r->error);
}

onx_walk onx_walk_begin(onx_reader *r, const ProtobufCMessageDescriptor *message, onx_span span)
{
  return (onx_walk){r, message, span.data, span.data + span.size, ONNXRUN_OK};
}

/* Nearly all are of one byte. */
static inline bool take_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
  uint64_t v = 0;
  if (*at < end && **at < 0x80) {
    *value = *(*at)++;
    return true;
  }
  for (unsigned i = 0; i < VARINT_MOST && *at < end; i++) {
    const uint8_t byte = *(*at)++;
    v |= (uint64_t)(byte & 0x7f) << (7 * i);
    if (!(byte & 0x80)) {
      *value = v;
      return true;
    }
  }
  return false;
}

static bool take_fixed(const uint8_t **at, const uint8_t *end, size_t bytes, uint64_t *value)
{
  if ((size_t)(end - *at) < bytes)
    return false;
  *value = 0;
  memcpy(value, *at, bytes);
  *at += bytes;
  return true;
}

/* Whether the field may come in this wire type; a repeated number also comes packed. */
static uint32_t wire_of(const ProtobufCFieldDescriptor *info)
{
  switch (info->type) {
  case PROTOBUF_C_TYPE_MESSAGE:
  case PROTOBUF_C_TYPE_STRING:
  case PROTOBUF_C_TYPE_BYTES:
    return SPAN;
  case PROTOBUF_C_TYPE_FLOAT:
    return FIXED32;
  case PROTOBUF_C_TYPE_DOUBLE:
    return FIXED64;
  default:
    return VARINT;
  }
}

static onnxrun_status check_wire(const onx_walk *w, const onx_field *f)
{
  const uint32_t expected = wire_of(f->info);
  if (f->wire == expected || (f->wire == SPAN && f->info->label == PROTOBUF_C_LABEL_REPEATED))
    return ONNXRUN_OK;
  return onx_damaged(w->r, f->at, "%s.%s has wire type %u, expected %u", w->message->short_name,
                     f->info->name, f->wire, expected);
}

static onnxrun_status take_payload(onx_walk *w, onx_field *f)
{
  uint64_t size;
  const char *name = w->message->short_name;
  switch (f->wire) {
  case VARINT:
    if (!take_varint(&w->at, w->end, &f->value))
      return onx_damaged(w->r, f->at, "a number of %s does not end", name);
    return ONNXRUN_OK;
  case FIXED64:
  case FIXED32:
    if (!take_fixed(&w->at, w->end, f->wire == FIXED64 ? 8 : 4, &f->value))
      return onx_damaged(w->r, f->at, "a number of %s is cut off", name);
    return ONNXRUN_OK;
  case SPAN:
    if (!take_varint(&w->at, w->end, &size))
      return onx_damaged(w->r, f->at, "a length in %s does not end", name);
    if (size > (uint64_t)(w->end - w->at))
      return onx_damaged(w->r, f->at, "field %u of %s has %llu bytes, %zu are left", f->number,
                         name, (unsigned long long)size, (size_t)(w->end - w->at));
    f->span = (onx_span){w->at, (size_t)size};
    w->at += size;
    return ONNXRUN_OK;
  default:
    return onx_damaged(w->r, f->at, "wire type %u in %s, expected 0, 1, 2 or 5", f->wire, name);
  }
}

/* Most messages number their fields from 1 on without a gap, at least at first. */
static const ProtobufCFieldDescriptor *info_of(const ProtobufCMessageDescriptor *m, uint32_t number)
{
  if (number <= m->n_fields && m->fields[number - 1].id == number)
    return &m->fields[number - 1];
  return protobuf_c_message_descriptor_get_field(m, number);
}

/* A field of any number; `info` is NULL when the message does not know it. */
static onnxrun_status take_field(onx_walk *w, onx_field *f)
{
  uint64_t key;
  *f = (onx_field){.at = w->at};
  if (!take_varint(&w->at, w->end, &key))
    return onx_damaged(w->r, f->at, "a field's number in %s does not end", w->message->short_name);
  if (key >> 3 == 0 || key >> 3 > NUMBER_MOST)
    return onx_damaged(w->r, f->at, "field number %llu in %s does not exist",
                       (unsigned long long)(key >> 3), w->message->short_name);
  f->number = (uint32_t)(key >> 3);
  f->wire = (uint32_t)(key & 7);
  ONX_TRY(take_payload(w, f));
  f->info = info_of(w->message, f->number);
  return f->info ? check_wire(w, f) : ONNXRUN_OK;
}

/* A number below 16 and a value or length below 128, as nearly all are; false leaves it to
 * take_field, whatever is the matter. */
static inline bool take_short(onx_walk *w, onx_field *f)
{
  const uint8_t *at = w->at;
  const ProtobufCMessageDescriptor *m = w->message;
  if (w->end - at < 2 || ((at[0] | at[1]) & 0x80))
    return false;
  const uint32_t number = at[0] >> 3, wire = at[0] & 7;
  if (number == 0 || number > m->n_fields || m->fields[number - 1].id != number ||
      wire != wire_of(&m->fields[number - 1]))
    return false;
  *f = (onx_field){.number = number, .wire = wire, .at = at, .info = &m->fields[number - 1]};
  if (wire == VARINT) {
    f->value = at[1];
    w->at = at + 2;
    return true;
  }
  if (wire != SPAN || at[1] > w->end - (at + 2))
    return false;
  f->span = (onx_span){at + 2, at[1]};
  w->at = at + 2 + at[1];
  return true;
}

bool onx_walk_next(onx_walk *w, onx_field *f)
{
  while (w->status == ONNXRUN_OK && w->at < w->end) {
    if (take_short(w, f))
      return true;
    w->status = take_field(w, f);
    if (w->status == ONNXRUN_OK && f->info)
      return true;
  }
  return false;
}

static size_t fixed_bytes(const ProtobufCFieldDescriptor *info)
{
  return info->type == PROTOBUF_C_TYPE_FLOAT ? 4 : info->type == PROTOBUF_C_TYPE_DOUBLE ? 8 : 0;
}

static onnxrun_status count_varints(onx_reader *r, const onx_field *f, size_t *n)
{
  size_t length = 0;
  for (size_t i = 0; i < f->span.size; i++) {
    length++;
    if (length > VARINT_MOST)
      return onx_damaged(r, f->span.data + i, "a number of %s does not end", f->info->name);
    if (!(f->span.data[i] & 0x80)) {
      length = 0;
      ++*n;
    }
  }
  if (length > 0)
    return onx_damaged(r, f->at, "the last number of %s is cut off", f->info->name);
  return ONNXRUN_OK;
}

onnxrun_status onx_count_numbers(onx_reader *r, const onx_field *f, size_t *n)
{
  const size_t bytes = fixed_bytes(f->info);
  if (f->wire != SPAN) {
    ++*n;
    return ONNXRUN_OK;
  }
  if (bytes == 0)
    return count_varints(r, f, n);
  if (f->span.size % bytes != 0)
    return onx_damaged(r, f->at, "%s has %zu bytes, expected a multiple of %zu", f->info->name,
                       f->span.size, bytes);
  *n += f->span.size / bytes;
  return ONNXRUN_OK;
}

onx_numbers onx_numbers_begin(const onx_field *f)
{
  if (f->wire != SPAN)
    return (onx_numbers){.single = f->value, .is_single = true};
  return (onx_numbers){
      .at = f->span.data, .end = f->span.data + f->span.size, .bytes = fixed_bytes(f->info)};
}

bool onx_numbers_next(onx_numbers *n, uint64_t *value)
{
  if (n->is_single) {
    *value = n->single;
    n->is_single = false;
    n->at = n->end = NULL;
    return true;
  }
  if (n->at == n->end)
    return false;
  return n->bytes ? take_fixed(&n->at, n->end, n->bytes, value)
                  : take_varint(&n->at, n->end, value);
}
