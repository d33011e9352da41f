/* leaf.h: small messages by protobuf-c.
 *
 * protobuf-c recurses as deep as a message nests and takes some hundred bytes for a submessage of
 * two, so a walk bounds depth, submessages and size before it sees any. */
#ifndef ONX_LEAF_H
#define ONX_LEAF_H

#include "proto/wire.h"

/* Unpacks a message into a pool of its own, which the caller releases, also after a failure. LIMIT
 * when it is larger than a leaf may be. */
onnxrun_status onx_leaf_unpack(onx_reader *r, const ProtobufCMessageDescriptor *message,
                               onx_span span, onx_pool *pool, ProtobufCMessage **out);

#endif
